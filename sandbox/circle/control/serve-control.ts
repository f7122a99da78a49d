import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { readJson, writeJson } from "../http.ts";
import type { Random } from "../random.ts";
import type { TransactionRecord } from "../transactions/transaction.ts";
import { transactionView } from "../transactions/transaction-view.ts";
import { faultSchema } from "./fault-spec.ts";
import type { Faults } from "./faults.ts";
import { patchSettings, type Settings } from "./settings.ts";
import { resetStats, type Stats } from "./stats.ts";

/** What the emulator says of itself, so that a client needs nothing but the control address. */
export interface CircleAddress {
  readonly baseUrl: string;
  readonly controlUrl: string;
  readonly apiKey: string;
  readonly entitySecret: string;
  readonly walletSetId: string;
  readonly operatorWallets: readonly {
    readonly id: string;
    readonly address: `0x${string}`;
    readonly privateKey: `0x${string}`;
  }[];
}

export interface ControlDeps {
  readonly settings: Settings;
  /** What reset goes back to. */
  readonly initialSettings: Settings;
  readonly faults: Faults;
  readonly stats: Stats;
  readonly random: Random;
  /** Fills the rate limit's buckets: new limits start fresh. */
  readonly refill: () => void;
  readonly transactions: () => readonly TransactionRecord[];
  /** Makes a wallet of this key the account's; answers its id. */
  readonly importWallet: (privateKey: `0x${string}`) => string;
  readonly address: () => CircleAddress;
}

type Action = (deps: ControlDeps, body: unknown, id: string) => unknown;

const seedBody = z.strictObject({ seed: z.int() });
const walletBody = z.strictObject({
  privateKey: z.templateLiteral(["0x", z.string().regex(/^[0-9a-f]{64}$/)]),
});

const ACTIONS: Readonly<Record<string, Action>> = {
  "GET /control": (deps) => deps.address(),
  "GET /control/settings": ({ settings }) => settings,
  "PATCH /control/settings": ({ settings, refill }, body) => {
    refill();
    return patchSettings(settings, body);
  },
  "POST /control/faults": ({ faults }, body) => ({ id: faults.add(faultSchema.parse(body)) }),
  "GET /control/faults": ({ faults }) => faults.list(),
  "GET /control/faults/:id": ({ faults }, _, id) => struckOf(faults, id),
  "DELETE /control/faults": ({ faults }) => faults.clear(),
  "DELETE /control/faults/:id": ({ faults }, _, id) => faults.clear(id),
  "GET /control/stats": ({ stats }) => stats,
  "POST /control/seed": ({ random }, body) => random.reseed(seedBody.parse(body).seed),
  "POST /control/wallets": ({ importWallet }, body) => ({
    id: importWallet(walletBody.parse(body).privateKey),
  }),
  "GET /control/transactions": (deps) => deps.transactions().map(insideView),
  "POST /control/reset": ({ settings, initialSettings, refill, faults, stats }) => {
    refill();
    patchSettings(settings, initialSettings);
    faults.clear();
    resetStats(stats);
  },
};

/** Answers one request to the control endpoint, which needs no credentials: it must not be reachable from outside. */
export async function serveControl(
  deps: ControlDeps,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
  url: URL,
): Promise<void> {
  const { request, response } = exchange;
  const [, id = ""] = /^\/control\/faults\/([^/]+)$/.exec(url.pathname) ?? [];
  const path = id === "" ? url.pathname.replace(/\/$/, "") : "/control/faults/:id";
  const action = ACTIONS[`${request.method} ${path}`];
  if (action === undefined) return writeJson(response, 404, { message: "no such control" });
  try {
    const answer = action(deps, await readJson(request), id);
    writeJson(response, answer === undefined ? 204 : 200, answer);
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    writeJson(response, 400, { message });
  }
}

function struckOf(faults: Faults, id: string): { readonly struck: number } {
  const struck = faults.struck(id);
  if (struck === undefined) throw new Error(`no fault ${id} is known`);
  return { struck };
}

/** What only the emulator knows of a transaction, beside what Circle shows. */
function insideView(record: TransactionRecord) {
  return {
    ...transactionView(record),
    createdAtMs: record.createdAtMs,
    states: [...record.history, record.progress].map(({ state }) => state),
    sent: record.sent.map(({ hash, nonce, kind, isBroadcast }) => ({
      hash,
      nonce,
      kind,
      isBroadcast,
    })),
  };
}
