/** The real service, asked everything that its own document allows and much that it forbids. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiUrlOf, connectApi, type ApiClient } from "../e2e/api-client.ts";
import { becomeLetter } from "../e2e/garbage.ts";
import { gigpay } from "../e2e/gigpay.ts";
import { startLine, type WholeLine } from "../e2e/whole-line.ts";
import { runSchemathesis } from "./run-schemathesis.ts";

const FUZZING_TIMEOUT_MS = 15 * 60_000;
const SCOPES = "payments:write,payments:read,directory:write,webhooks:manage,operate";
const isWanted = process.env["CI"] === "true";

describe.skipIf(!isWanted)(
  `fuzzing${isWanted ? "" : " (skipped: it takes a minute; CI=true runs it)"}`,
  () => {
    let line: WholeLine;
    let url: string;
    let all: ApiClient;
    let acme: ApiClient;

    beforeAll(async () => {
      const unlimited = { HTTP_RATE_PER_SECOND: "100000", HTTP_RATE_BURST: "100000" };
      line = await startLine({ rail: "circle", settings: unlimited });
      url = await apiUrlOf(line.service);
      await line.openPlatform({ id: "acme", taskSource: "event" });
      await line.hire("amy");
      all = await connectApi(line.world, url, { name: "all", scopes: SCOPES });
      acme = await connectApi(line.world, url, { name: "acme", scopes: SCOPES, platform: "acme" });
    });

    afterAll(() => line[Symbol.asyncDispose]());

    /** A payment that has failed, as one in an unknown currency does. */
    async function failedPayment(): Promise<string> {
      const task = { platformId: "acme", taskId: "t1", workerId: "amy", amount: "50" };
      const { body } = await acme.call("POST", "/v1/payments", { ...task, currency: "DOGE" });
      expect(body).toMatchObject({ state: "failed" });
      return String(body["id"]);
    }

    test(
      "nothing that is asked meets a fault or an answer that is not documented, and the ledger stays in order",
      { timeout: FUZZING_TIMEOUT_MS, retry: 0 },
      async () => {
        const keyOf = ({ headers }: ApiClient) =>
          headers["authorization"]?.replace("Bearer ", "") ?? "";
        const report = await runSchemathesis(url, {
          KEY_OF_ALL: keyOf(all),
          KEY_OF_ACME: keyOf(acme),
          FAILED_PAYMENT_ID: await failedPayment(),
          DEAD_LETTER_ID: await becomeLetter(line.platforms, all),
        });
        const [, asked = ""] = /(\d+) generated, \d+ passed/.exec(report) ?? [];
        expect(Number(asked)).toBeGreaterThan(1_000);
        const faults = line.service.log.items.filter(
          ({ msg }) => msg === "a request met a fault of the service",
        );
        expect(faults).toEqual([]);
        const verified = await gigpay(line.world.settings, ["verify", "--json"]);
        expect(verified).toMatchObject({ code: 0 });
      },
    );
  },
);
