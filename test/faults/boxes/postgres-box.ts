import { createArming, type Armed } from "./armed.ts";
import { followClient, followServer, refusal } from "./postgres-messages.ts";
import { openWire, type Line, type Tap, type Wire } from "./wire.ts";

/** Which commits are struck, and at which moment the connection breaks. */
export interface CommitStrike {
  /**
   * - `before`: COMMIT never reaches the server, which rolls back;
   * - `unanswered`: it is executed, and its answer is lost;
   * - `answered`: the answer arrives, and then the connection breaks.
   */
  readonly at: "before" | "unanswered" | "answered";
  /** Only transactions whose statements match. */
  readonly said: RegExp;
  readonly times: number;
}

/** A wire to Postgres that understands enough of what passes to break at a COMMIT. */
export interface PostgresBox extends Pick<Wire, "cut" | "refuse" | "mend" | "slow" | "disturbed"> {
  /** The same database, by way of the box. */
  urlOf(databaseUrl: string): string;
  strikeCommits(strike: CommitStrike): Armed;
  /** Every connection is broken, and each new one refused with 53300. */
  exhaustConnections(): Armed;
  /** How many errors with that SQLSTATE went through. */
  errorsSeen(sqlState: string): number;
}

export async function openPostgresBox(port: number): Promise<PostgresBox & AsyncDisposable> {
  const commits = createArming<CommitStrike>();
  const exhaustion = createArming<{ readonly times: "always" }>();
  const errors = new Map<string, number>();
  const wire = await openWire({
    targetPort: port,
    tap: (line) => tapConnection(line, { commits, exhaustion, errors }),
  });
  return {
    ...wire,
    urlOf(databaseUrl) {
      const url = new URL(databaseUrl);
      url.port = String(wire.port);
      return url.href;
    },
    strikeCommits: commits.arm,
    exhaustConnections() {
      const armed = exhaustion.arm({ times: "always" });
      wire.cut();
      return armed;
    },
    errorsSeen: (sqlState) => errors.get(sqlState) ?? 0,
  };
}

function tapConnection(
  line: Line,
  {
    commits,
    exhaustion,
    errors,
  }: {
    readonly commits: ReturnType<typeof createArming<CommitStrike>>;
    readonly exhaustion: ReturnType<typeof createArming<{ readonly times: "always" }>>;
    readonly errors: Map<string, number>;
  },
): Tap {
  const understandClient = followClient();
  const understandServer = followServer();
  let struck: CommitStrike["at"] | undefined;
  const fromClient = (chunk: Buffer) => {
    for (const { bytes, message } of understandClient(chunk)) {
      if (message.kind === "start" && exhaustion.take(() => true)) {
        line.toClient(refusal("53300", "sorry, too many clients already"));
        return line.close();
      }
      if (message.kind === "commit")
        struck = commits.take(({ said }) => said.test(message.said))?.at;
      if (struck === "before") return line.cut();
      line.toServer(bytes);
    }
  };
  const fromServer = (chunk: Buffer) => {
    if (struck === "unanswered") return line.cut();
    const { sqlStates, isReady } = understandServer(chunk);
    for (const state of sqlStates) errors.set(state, (errors.get(state) ?? 0) + 1);
    line.toClient(chunk);
    if (struck === "answered" && isReady) line.close();
  };
  return { fromClient, fromServer };
}
