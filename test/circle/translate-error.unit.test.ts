import { HttpRequestError, HttpResponseError } from "@circle-fin/developer-controlled-wallets";
import { expect, test } from "vitest";
import { PaymentError } from "../../src/errors.ts";
import {
  translatePostError,
  translateReadError,
  translateTransferError,
} from "../../src/circle/translate-error.ts";

type ResponseError = ConstructorParameters<typeof HttpResponseError>[0];

function answer(status: number, code: number = status, headers: Record<string, string> = {}) {
  const error = { response: { headers } } as unknown as NonNullable<ResponseError["error"]>;
  const place = { url: "/v1/w3s/developer/transactions/contractExecution", method: "POST" };
  return new HttpResponseError({ message: "words", code, status, error, ...place });
}

function broken(code: string) {
  const error = new Error("read ECONNRESET") as never;
  return new HttpRequestError({ message: "words", code, url: "/", method: "POST", error });
}

test.each([
  ["a connection that broke", broken("ECONNRESET")],
  ["a connection that was refused", broken("ECONNREFUSED")],
  ["a call that was given up", new PaymentError("CIRCLE_UNAVAILABLE", "reconcile", "no answer")],
  ["an answer that cannot be read", new TypeError("data is null")],
  ["a thrown nothing", undefined],
])("%s is doubt: the same key again, and the review clock runs", (_, error) => {
  const report = translatePostError(error);
  expect(report).toMatchObject({ kind: "retry", code: "circle_unanswered" });
  expect(report).not.toHaveProperty("capacity");
});

test.each([500, 502, 503, 504, 408])("HTTP %i is doubt too: it may have been taken", (status) => {
  const report = translatePostError(answer(status));
  expect(report).toMatchObject({ kind: "retry", code: "circle_unavailable" });
  expect(report).not.toHaveProperty("capacity");
});

test.each([
  [400, 155201, "operator_out_of_gas"],
  [400, 155258, "operator_out_of_gas"],
  [400, 155204, "operator_out_of_gas"],
  [409, 155202, "circle_nonce_inconsistent"],
  [409, 155264, "circle_queue_full"],
  [403, 155501, "circle_wallet_frozen"],
  [409, 156004, "circle_ciphertext_reused"],
  [400, 156013, "circle_entity_secret"],
  [400, 156016, "circle_entity_secret"],
  [400, 156019, "circle_entity_secret"],
  [401, 401, "circle_credentials"],
  [403, 3, "circle_credentials"],
  [429, -1, "circle_throttled"],
])("HTTP %i with code %i is capacity: the same key, no doubt", (status, code, name) => {
  const report = translatePostError(answer(status, code));
  expect(report).toMatchObject({ kind: "retry", code: name, capacity: true });
});

test("Circle's code counts, whatever HTTP status it travels with: those are not published", () => {
  for (const status of [400, 403, 404, 409, 500]) {
    expect(translatePostError(answer(status, 155264))).toMatchObject({ code: "circle_queue_full" });
  }
});

test("a 429 is a 429 whatever its body says", () => {
  const report = { kind: "retry", code: "circle_throttled" };
  expect(translatePostError(answer(429, 155208))).toMatchObject(report);
});

test.each([
  [undefined, 1_000],
  ["7", 7_000],
  ["0", 1_000],
  ["3600", 1_000],
  ["Wed, 21 Oct 2026 07:28:00 GMT", 1_000],
])("Retry-After %s waits %i ms: beyond a minute it is not believed", (header, afterMs) => {
  const headers = header === undefined ? {} : { "retry-after": header };
  expect(translatePostError(answer(429, -1, headers))).toMatchObject({ afterMs });
});

test.each([
  [409, 156020],
  [400, 155208],
  [400, 2],
  [404, 156001],
  [404, -1],
  [418, 418],
])("HTTP %i with code %i is a refusal: the send needs a new key", (status, code) => {
  expect(translatePostError(answer(status, code))).toEqual({
    kind: "refused",
    code: `circle_${code}`,
    detail: `${status} ${code}: words`,
  });
});

test("a read that failed can be repeated, unless the key is refused", () => {
  const translated = (cause: unknown) => {
    const { code, disposition } = translateReadError(cause);
    return [code, disposition];
  };
  expect(translated(answer(401))).toEqual(["DEPLOYMENT_MISMATCH", "reject"]);
  expect(translated(answer(403, 3))).toEqual(["DEPLOYMENT_MISMATCH", "reject"]);
  expect(translated(answer(429, -1))).toEqual(["CIRCLE_THROTTLED", "retry"]);
  for (const cause of [answer(503), broken("ECONNREFUSED"), new TypeError("x"), undefined]) {
    expect(translated(cause)).toEqual(["CIRCLE_UNAVAILABLE", "retry"]);
  }
});

test.each([155219, 155221, 155241, 155208, 156001, 2])(
  "of a plain transfer, code %i certainly created nothing: the key may end",
  (code) => {
    expect(translateTransferError(answer(400, code))).toMatchObject({ kind: "refused" });
  },
);

test.each([155201, 155258, 155264, 155501, 156004, 156013])(
  "of a plain transfer, code %i created nothing for want of something: the same key waits",
  (code) => {
    const report = translateTransferError(answer(409, code));
    expect(report).toMatchObject({ kind: "retry", capacity: true });
  },
);

test.each([
  ["a 429", answer(429), true],
  ["a 429 with a code that elsewhere refuses", answer(429, 155221), true],
  ["a 5xx with such a code", answer(503, 155221), true],
  ["a 5xx", answer(500), true],
  ["156020, which may be said of a key that has paid", answer(409, 156020), true],
  ["-1", answer(400, -1), true],
  ["a code that nobody knows", answer(400, 999_999), true],
  ["a connection that broke", broken("ECONNRESET"), false],
])(
  "of a plain transfer, %s proves nothing: the same key again, and never an end",
  (_, error, answered) => {
    const report = translateTransferError(error);
    expect(report.kind).toBe("retry");
    expect(report).not.toHaveProperty("capacity");
    expect("answered" in report).toBe(answered);
  },
);
