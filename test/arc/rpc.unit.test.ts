import { describe, expect, test } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import { redactor } from "../../src/arc/redact-url.ts";
import { createRpc } from "../../src/arc/rpc.ts";
import { startFakeNode } from "./fake-node.ts";

const BLOCK_NUMBER = { method: "eth_blockNumber", params: [] };
const quick = { timeoutMs: 1_000, rounds: 1 };

async function thrownBy(work: Promise<unknown>): Promise<PaymentError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof PaymentError) return error;
  throw new Error(`not a PaymentError: ${String(error)}`);
}

describe("a node that fails", () => {
  test.for([
    ["hangs", "hang" as const],
    ["resets", "reset" as const],
    ["has a broken gateway", { status: 502, body: "<html>" }],
    ["throttles over HTTP", { status: 429, body: "{}" }],
  ] as const)("%s: the next node is asked, and this one last from then on", async ([, mishap]) => {
    await using bad = await startFakeNode();
    await using good = await startFakeNode();
    bad.mishap = () => mishap;
    good.say = () => ({ result: "0x7" });
    const rpc = createRpc({ urls: [bad.url, good.url], ...quick });
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ result: "0x7" }]);
    let askedBad = 0;
    bad.mishap = () => {
      askedBad += 1;
      return "reset";
    };
    await rpc.ask([BLOCK_NUMBER]);
    expect(askedBad).toBe(0);
  });

  test("throttling with HTTP 200 is no answer, even for one call of a batch", async () => {
    await using bad = await startFakeNode();
    await using good = await startFakeNode();
    bad.say = ({ method }) =>
      method === "eth_chainId"
        ? { result: "0x1" }
        : { error: { code: -32011, message: "request limit reached" } };
    good.say = () => ({ result: "0x2" });
    const rpc = createRpc({ urls: [bad.url, good.url], ...quick });
    const answers = await rpc.ask([{ method: "eth_chainId", params: [] }, BLOCK_NUMBER]);
    expect(answers).toEqual([{ result: "0x2" }, { result: "0x2" }]);
  });

  test("a connection that the node closed is mended by the second round", async () => {
    await using node = await startFakeNode();
    node.say = () => ({ result: "0x1" });
    let first = true;
    node.mishap = () => {
      const mishap = first ? "reset" : undefined;
      first = false;
      return mishap;
    };
    const rpc = createRpc({ urls: [node.url], timeoutMs: 5_000, roundPauseMs: 1 });
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ result: "0x1" }]);
  });

  test("when all fail it says so as a retry, and as certain only if all refused to look", async () => {
    await using node = await startFakeNode();
    const rpc = createRpc({ urls: [node.url], ...quick });
    node.mishap = () => ({ status: 429, body: "" });
    const throttled = await thrownBy(rpc.ask([BLOCK_NUMBER]));
    expect(throttled).toMatchObject({ code: "CHAIN_UNAVAILABLE", disposition: "retry" });
    expect(throttled.context).toEqual({ isThrottled: true });
    node.mishap = () => "hang";
    expect((await thrownBy(rpc.ask([BLOCK_NUMBER]))).context).toEqual({ isThrottled: false });
  });

  test("a frozen node is passed over once it is distrusted", async () => {
    await using frozen = await startFakeNode();
    await using good = await startFakeNode();
    frozen.say = () => ({ result: "0x1" });
    good.say = () => ({ result: "0x9" });
    const rpc = createRpc({ urls: [frozen.url, good.url], ...quick });
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ result: "0x1" }]);
    rpc.distrust();
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ result: "0x9" }]);
  });
});

describe("answers", () => {
  test("come in the order of the calls, whatever order the node chose", async () => {
    await using node = await startFakeNode();
    node.say = ({ params }) => ({ result: params[0] });
    const rpc = createRpc({ urls: [node.url], ...quick });
    const calls = ["a", "b", "c"].map((param) => ({ method: "echo", params: [param] }));
    expect(await rpc.ask(calls)).toEqual([{ result: "a" }, { result: "b" }, { result: "c" }]);
  });

  test("a JSON-RPC error is an answer, also behind HTTP 400", async () => {
    await using node = await startFakeNode();
    const error = { code: -32603, message: "nonce too low" };
    const rpc = createRpc({ urls: [node.url], ...quick });
    node.say = () => ({ error });
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ error }]);
    node.mishap = () => ({ status: 400, body: JSON.stringify({ id: 1, error }) });
    expect(await rpc.ask([BLOCK_NUMBER])).toEqual([{ error }]);
  });

  test("of a lagging node give way to a better one's, and are given when there is none", async () => {
    await using lagging = await startFakeNode();
    await using good = await startFakeNode();
    lagging.say = () => ({ result: null });
    good.say = () => ({ result: "block" });
    const isUsable = (answers: readonly object[]) =>
      answers.some((answer) => "result" in answer && answer.result !== null);
    const both = createRpc({ urls: [lagging.url, good.url], ...quick });
    expect(await both.ask([BLOCK_NUMBER], { isUsable })).toEqual([{ result: "block" }]);
    const alone = createRpc({ urls: [lagging.url], ...quick });
    expect(await alone.ask([BLOCK_NUMBER], { isUsable })).toEqual([{ result: null }]);
  });
});

describe("API keys", () => {
  test("are in no error, whatever the node or the client quotes", async () => {
    await using node = await startFakeNode();
    const rpc = createRpc({ urls: [node.url], ...quick });
    const mishaps = [
      "hang" as const,
      "reset" as const,
      { status: 500, body: `no such project: ${node.url}` },
      { status: 403, body: JSON.stringify({ error: { code: -32000, message: node.url } }) },
    ];
    for (const mishap of mishaps) {
      node.mishap = () => mishap;
      const error = await rpc.ask([BLOCK_NUMBER]).then(
        (answers) => answers,
        (error: unknown) => error,
      );
      const shown = `${String(error)} ${JSON.stringify(error)} ${String((error as Error).stack)}`;
      expect(shown).not.toContain("very-secret-api-key");
      expect((error as Error).cause).toBeUndefined();
    }
    node.mishap = () => undefined;
    node.say = () => ({ error: { code: 1, message: "bad key very-secret-api-key" } });
    expect(JSON.stringify(await rpc.ask([BLOCK_NUMBER]))).toBe(
      JSON.stringify([{ error: { code: 1, message: "bad key ***" } }]),
    );
  });

  test("are blanked wherever a URL may carry them, while ordinary words stay", () => {
    const redact = redactor([
      "https://user:s3cr3t-password@rpc.example/v1/key0123456789?apikey=abcdefghij",
    ]);
    const text = redact(
      "GET /v1/key0123456789 with abcdefghij and s3cr3t-password at rpc.example failed",
    );
    expect(text).toBe("GET /v1/*** with *** and *** at rpc.example failed");
  });
});
