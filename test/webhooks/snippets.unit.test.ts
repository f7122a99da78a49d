import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newSecret } from "../../src/directory/platform-secret.ts";
import { signedHeaders } from "../../src/webhooks/signed-headers.ts";

/**
 * The page's snippets, word for word, each with a few lines around that hand it a request: what is printed for copying works.
 * In CI each of the languages must be there; on a person's machine one that lacks is skipped, and says so.
 */
const page = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
const directory = mkdtempSync(join(tmpdir(), "webhook-snippets-"));
afterAll(() => rmSync(directory, { recursive: true }));

interface Language {
  readonly name: string;
  readonly fence: string;
  readonly file: string;
  readonly command: readonly [string, ...string[]];
  /** Reads the body from stdin and the rest from the environment; exits with 0 if it is genuine, with 3 if not. */
  readonly harness: string;
}

const LANGUAGES: readonly Language[] = [
  {
    name: "TypeScript",
    fence: "ts",
    file: "verify.mts",
    command: [process.execPath],
    harness: `
import { readFileSync } from "node:fs";
const headers = Object.fromEntries(
  ["id", "timestamp", "signature"].map((name) => ["webhook-" + name, process.env["WEBHOOK_" + name.toUpperCase()]]),
);
process.exit(isGenuine(process.env["WEBHOOK_SECRET"] ?? "", headers, readFileSync(0)) ? 0 : 3);
`,
  },
  {
    name: "Python",
    fence: "python",
    file: "verify.py",
    command: ["python3"],
    harness: `
import os, sys
headers = {f"webhook-{name}": os.environ[f"WEBHOOK_{name.upper()}"] for name in ("id", "timestamp", "signature")}
sys.exit(0 if is_genuine(os.environ["WEBHOOK_SECRET"], headers, sys.stdin.buffer.read()) else 3)
`,
  },
  {
    name: "Bash and openssl",
    fence: "bash",
    file: "verify.sh",
    command: ["bash"],
    harness: `
is_genuine "$WEBHOOK_SECRET" "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP" "$WEBHOOK_SIGNATURE" && exit 0
exit 3
`,
  },
];

/** Eight processes, one after the other, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;

const NEEDS: Readonly<Record<string, readonly string[]>> = {
  TypeScript: [process.execPath],
  Python: ["python3"],
  "Bash and openssl": ["bash", "openssl"],
};

function lacking({ name }: Language): readonly string[] {
  return (NEEDS[name] ?? []).filter((program) => {
    const { error } = spawnSync(program, [program === "openssl" ? "version" : "--version"]);
    return error !== undefined;
  });
}

describe.each(LANGUAGES)("$name", (language) => {
  const missing = process.env["CI"] ? [] : lacking(language);
  if (missing.length > 0) {
    test.skip(`not run: this machine has no ${missing.join(", ")}`, () => undefined);
    return;
  }

  const snippets = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, fence, text]) =>
    fence === language.fence ? [text ?? ""] : [],
  );
  const file = join(directory, language.file);
  const body = Buffer.from(JSON.stringify({ type: "test", data: { note: "Grüße, 100 %\\n" } }));
  const [secret, previous] = [newSecret(), newSecret()];

  interface Request {
    readonly secret?: string;
    readonly at?: Date;
    readonly body?: Buffer;
    readonly change?: Readonly<Record<string, string>>;
  }
  /** Whether the snippet takes a request that was signed by both secrets, and then changed. */
  function verify({ at = new Date(), change = {}, ...request }: Request): boolean {
    const signed = signedHeaders({
      id: "0b6f4e0c-6f0a-4d6e-8a55-0c7f5f7a0b11",
      body: body.toString(),
      at,
      secrets: [secret, previous],
    });
    const headers = { ...signed, ...change };
    const [program, ...args] = language.command;
    const { status, stderr } = spawnSync(program, [...args, file], {
      input: request.body ?? body,
      env: {
        PATH: process.env["PATH"],
        WEBHOOK_SECRET: request.secret ?? secret,
        WEBHOOK_ID: headers["webhook-id"],
        WEBHOOK_TIMESTAMP: headers["webhook-timestamp"],
        WEBHOOK_SIGNATURE: headers["webhook-signature"],
      },
    });
    expect([0, 3], stderr.toString()).toContain(status);
    return status === 0;
  }

  test(
    "takes what was signed by either secret, and nothing forged, changed or old",
    () => {
      expect(snippets).toHaveLength(1);
      writeFileSync(file, `${snippets[0]}${language.harness}`);
      const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
      expect(verify({}), "genuine").toBe(true);
      expect(verify({ secret: previous, at: minutesAgo(4) }), "by the secret before").toBe(true);
      expect(verify({ secret: newSecret() }), "another's secret").toBe(false);
      expect(verify({ body: Buffer.from("{}") }), "another body").toBe(false);
      expect(verify({ change: { "webhook-id": "another" } }), "another id").toBe(false);
      expect(verify({ change: { "webhook-signature": "v1,AAAA v1a,ü" } }), "forged").toBe(false);
      expect(verify({ at: minutesAgo(6) }), "six minutes old").toBe(false);
      expect(verify({ at: minutesAgo(-6) }), "from the future").toBe(false);
    },
    TIMEOUT_MS,
  );
});
