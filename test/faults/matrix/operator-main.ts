/** One deed of an operator, in a process of its own so that it can be killed at its places. The deed is argument one. */
import { loadConfig } from "../../../src/config.ts";
import { connect } from "../../../src/connect.ts";
import { replayDeadLetters, selectLetters } from "../../../src/acceptance/replay-dead-letters.ts";
import { retryPayment } from "../../../src/acceptance/retry-payment.ts";
import { pause, resume, EVERYTHING } from "../../../src/dispatch/pause.ts";
import { requestVoid } from "../../../src/dispatch/request-void.ts";
import { createLog } from "../../../src/log.ts";
import { acceptanceDeps, dispatchDeps, replayDeps } from "../../../src/stage-deps.ts";
import { unobserved } from "../../support/unobserved.ts";
import { untraced } from "../../../src/tracing/tracing.ts";

const ACTOR = "operator:ada";
const REASON = "a fault is being tried";
const CONNECT_TIMEOUT_MS = 30_000;
const LETTERS_MAX = 100;

const [deed = "", paymentId = ""] = process.argv.slice(2);
const running = new AbortController();
const config = loadConfig();
const log = createLog({ level: "warn", instanceId: "operator" });
const connected = await connect(
  { config, log, metrics: unobserved, tracing: untraced },
  { starting: AbortSignal.timeout(CONNECT_TIMEOUT_MS), running: running.signal },
);
const dispatch = dispatchDeps(connected, connected.bells.dispatch);
const request = { paymentId, expectedGeneration: 1, reason: REASON, actor: ACTOR };
try {
  process.stdout.write(`${JSON.stringify(await act())}\n`);
} finally {
  running.abort();
  await connected.signals.closed;
  await connected.pool.end();
}

async function act(): Promise<unknown> {
  switch (deed) {
    case "retry":
      return retryPayment(acceptanceDeps(connected), request);
    case "void":
      return requestVoid(dispatch, request);
    case "pause":
      return pause(dispatch, EVERYTHING, REASON, ACTOR);
    case "resume":
      return resume(dispatch, EVERYTHING, REASON, ACTOR);
    case "replay": {
      const deps = replayDeps(connected);
      const ids = await selectLetters(deps, { filter: {}, limit: LETTERS_MAX });
      return replayDeadLetters(deps, ids, { reason: REASON, actor: ACTOR, dryRun: false });
    }
    default:
      throw new Error(`no deed is called ${deed}`);
  }
}
