import { gzipSync } from "node:zlib";
import type { ProblemCode } from "../../../src/http/problems.ts";

/** What is sent, and the problem that it gets; `ok`: an answer as to anybody. */
export type Row = readonly [what: string, sent: string | Buffer, gets: ProblemCode | "ok"];

const LIMIT = 1_048_576;
const MINE = "Host: a\r\nConnection: close\r\nAuthorization: Bearer gsp_any";

/** One request that would be paid, but for what is wrong with it. */
const pay = (headers: string, body: string | Buffer, type = "application/json"): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /v1/payments HTTP/1.1\r\n${MINE}\r\nContent-Type: ${type}\r\n${headers}\r\n\r\n`,
      "latin1",
    ),
    Buffer.from(body),
  ]);
const sized = (body: string | Buffer, more = "", type?: string): Buffer =>
  pay(`${more}Content-Length: ${Buffer.byteLength(body)}`, body, type);
const chunked = (body: string, size = Buffer.byteLength(body).toString(16)): Buffer =>
  pay("Transfer-Encoding: chunked", `${size}\r\n${body}\r\n0\r\n\r\n`);
const get = (target: string, headers = MINE, version = "HTTP/1.1"): string =>
  `GET ${target} ${version}\r\n${headers}\r\n\r\n`;

const TASK = '{"platformId":"acme","taskId":"t","workerId":"amy","amount":"50","currency":"USDC"}';
const large = `{"a":"${"a".repeat(LIMIT - 7)}"}`;

export const BODIES: readonly Row[] = [
  ["1 MiB and a byte", sized(large), "payload_too_large"],
  ["1 MiB and a byte, in chunks", chunked(large), "payload_too_large"],
  [
    "a length of 1 GB, and no byte of it",
    pay("Content-Length: 1000000000", ""),
    "payload_too_large",
  ],
  ["a length beyond all numbers", pay(`Content-Length: ${"9".repeat(40)}`, ""), "invalid_request"],
  ["1 MiB that is no JSON", sized("a".repeat(LIMIT)), "invalid_request"],
  ["half a document", sized(TASK.slice(0, -1)), "invalid_request"],
  ["two documents", sized(TASK + TASK), "invalid_request"],
  ["a byte order mark", sized(`\uFEFF${TASK.slice(0, -1)}`), "invalid_request"],
  ["an amount twice", sized(TASK.replace("}", ',"amount":"1"}')), "invalid_request"],
  [
    "an amount twice, once in escapes",
    sized(TASK.replace("}", ',"\\u0061mount":"1"}')),
    "invalid_request",
  ],
  ["__proto__", sized(TASK.replace("{", '{"__proto__":{"amount":"1"},')), "invalid_request"],
  [
    "constructor.prototype",
    sized(TASK.replace("{", '{"constructor":{"prototype":{}},')),
    "invalid_request",
  ],
  [
    "500,000 arrays in one another",
    sized("[".repeat(500_000) + "]".repeat(500_000)),
    "invalid_request",
  ],
  [
    "100,000 objects in one another",
    sized('{"a":'.repeat(100_000) + "1" + "}".repeat(100_000)),
    "invalid_request",
  ],
  ["500,000 numbers", sized(`{"items":[${"1,".repeat(500_000)}1]}`), "invalid_request"],
  ["a NUL in a name", sized(TASK.replace("amy", "a\\u0000")), "invalid_request"],
  ["half a surrogate", sized(TASK.replace("amy", "a\\ud800")), "invalid_request"],
  [
    "10 MB in 10 kB of gzip",
    sized(gzipSync(Buffer.alloc(10_000_000, "a")), "Content-Encoding: gzip\r\n"),
    "unsupported_media_type",
  ],
  [
    "gzip in a transfer coding",
    pay("Transfer-Encoding: gzip, chunked", "1\r\na\r\n0\r\n\r\n"),
    "invalid_request",
  ],
  [
    "two encodings",
    sized(TASK, "Content-Encoding: identity\r\nContent-Encoding: br\r\n"),
    "unsupported_media_type",
  ],
  ["a form", sized("a=1", "", "application/x-www-form-urlencoded"), "unsupported_media_type"],
  [
    "UTF-16",
    sized(Buffer.from(TASK, "utf16le"), "", "application/json; charset=utf-16"),
    "unsupported_media_type",
  ],
  ["two types", sized(TASK, "Content-Type: text/plain\r\n"), "unsupported_media_type"],
  ["no type that anybody could read", sized(TASK, "", "\t;,;"), "unsupported_media_type"],
];

export const FRAMING: readonly Row[] = [
  [
    "two lengths that differ",
    pay("Content-Length: 2\r\nContent-Length: 3", "{}"),
    "invalid_request",
  ],
  ["the same length twice", pay("Content-Length: 2\r\nContent-Length: 2", "{}"), "invalid_request"],
  ["a list of lengths", pay("Content-Length: 2, 2", "{}"), "invalid_request"],
  ["a length below zero", pay("Content-Length: -1", "{}"), "invalid_request"],
  ["a length in hex", pay("Content-Length: 0x2", "{}"), "invalid_request"],
  [
    "a length beside chunks",
    pay("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "invalid_request",
  ],
  [
    "chunks beside a length",
    pay("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
    "invalid_request",
  ],
  [
    "chunked, but not last",
    pay("Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
    "invalid_request",
  ],
  ["chunked in disguise", pay("Transfer-Encoding: xchunked", "0\r\n\r\n"), "invalid_request"],
  [
    "chunked behind a vertical tab",
    pay("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"),
    "invalid_request",
  ],
  ["a space before the colon", pay("Transfer-Encoding : chunked", "0\r\n\r\n"), "invalid_request"],
  ["a chunk's size that is none", chunked("{}", "zz"), "invalid_request"],
  ["a chunk's size beyond all numbers", chunked("{}", "f".repeat(17)), "invalid_request"],
  ["a chunk that is shorter than it says", chunked("{}{}", "2"), "invalid_request"],
  ["20 kB about a chunk", chunked("{}", `2;${"a".repeat(20_000)}`), "payload_too_large"],
];

export const HEADERS: readonly Row[] = [
  ["20 kB of headers", get("/livez", `${MINE}\r\nX: ${"a".repeat(20_000)}`), "headers_too_large"],
  [
    "5,000 headers",
    get("/livez", `${MINE}\r\n${"a: b\r\n".repeat(5_000)}c: d`),
    "headers_too_large",
  ],
  ["a NUL", get("/livez", `${MINE}\r\nX: a\0b`), "invalid_request"],
  ["a lone line feed", get("/livez", `${MINE}\r\nX: a\nY: b`), "invalid_request"],
  ["a lone carriage return", get("/livez", `${MINE}\r\nX: a\rY: b`), "invalid_request"],
  ["a line that goes on in the next", get("/livez", `${MINE}\r\nX: a\r\n b`), "invalid_request"],
  ["a header without a name", get("/livez", `${MINE}\r\n: a`), "invalid_request"],
  ["no host", get("/livez", "Connection: close"), "invalid_request"],
  ["two hosts", get("/livez", `${MINE}\r\nHost: b`), "invalid_request"],
  [
    "two keys",
    get("/v1/payments", `${MINE}\r\nAuthorization: Bearer gsp_other`),
    "unauthenticated",
  ],
  [
    "the same key twice",
    get("/v1/payments", `${MINE}\r\nAuthorization: Bearer gsp_any`),
    "unauthenticated",
  ],
  [
    "two idempotency keys",
    sized(TASK, "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"),
    "invalid_request",
  ],
  [
    "an idempotency key that is not ASCII",
    sized(TASK, "Idempotency-Key: k\u00e9y\r\n"),
    "invalid_request",
  ],
  [
    "an idempotency key of 129 characters",
    sized(TASK, `Idempotency-Key: ${"k".repeat(129)}\r\n`),
    "invalid_request",
  ],
  ["an empty idempotency key", sized(TASK, "Idempotency-Key:\r\n"), "invalid_request"],
  ["an expectation that nobody knows", sized("{}", "Expect: a-miracle\r\n"), "invalid_request"],
];

export const TARGETS: readonly Row[] = [
  ["a slash in an id", get("/v1/payments/a%2Fb"), "invalid_request"],
  ["a way up", get("/v1/payments/../../livez"), "not_found"],
  ["a way up, encoded", get("/problems/%2e%2e%2flivez"), "not_found"],
  ["two slashes", get("//v1//payments"), "not_found"],
  ["an empty id", get("/v1/payments/"), "invalid_request"],
  ["another case", get("/V1/Payments"), "not_found"],
  ["a NUL in an id", get("/v1/workers/a%00b"), "invalid_request"],
  ["half an escape", get("/v1/workers/a%2"), "invalid_request"],
  ["an escape that is no UTF-8", get("/v1/workers/%ff"), "invalid_request"],
  ["half an escape in the query", get("/v1/payments?limit=%f"), "invalid_request"],
  ["an id of 129 characters", get(`/v1/workers/${"a".repeat(129)}`), "invalid_request"],
  ["an id of 10,000 characters", get(`/v1/workers/${"a".repeat(10_000)}`), "invalid_request"],
  ["15 kB of path", get(`/${"a/".repeat(7_500)}`), "not_found"],
  ["15 kB of query", get(`/v1/payments?taskId=${"a".repeat(15_000)}`), "invalid_request"],
  ["3,000 parameters", get(`/v1/payments?${"a=1&".repeat(3_000)}`), "invalid_request"],
  ["17 kB of path", get(`/${"a".repeat(17_000)}`), "headers_too_large"],
  [
    "a path with bytes beyond ASCII",
    Buffer.from(get("/v1/w\u00f6rkers"), "latin1"),
    "invalid_request",
  ],
  ["a fragment", get("/livez#a"), "invalid_request"],
  ["a whole URL, as to a proxy", get("http://elsewhere.example/livez"), "ok"],
  ["a whole URL of another scheme", get("ftp://elsewhere.example/livez"), "invalid_request"],
  ["no path at all", get("livez"), "invalid_request"],
];

export const METHODS: readonly Row[] = [
  ["OPTIONS", `OPTIONS /v1/payments HTTP/1.1\r\n${MINE}\r\n\r\n`, "method_not_allowed"],
  ["OPTIONS of everything", `OPTIONS * HTTP/1.1\r\n${MINE}\r\n\r\n`, "not_found"],
  ["TRACE", `TRACE /v1/payments HTTP/1.1\r\n${MINE}\r\n\r\n`, "method_not_allowed"],
  ["DELETE", `DELETE /v1/payments HTTP/1.1\r\n${MINE}\r\n\r\n`, "method_not_allowed"],
  ["a method of WebDAV", `PROPFIND /v1/payments HTTP/1.1\r\n${MINE}\r\n\r\n`, "not_found"],
  ["a method that nobody knows", `PAY /v1/payments HTTP/1.1\r\n${MINE}\r\n\r\n`, "invalid_request"],
  ["a method in small letters", `get /livez HTTP/1.1\r\n${MINE}\r\n\r\n`, "invalid_request"],
  ["CONNECT", `CONNECT elsewhere.example:443 HTTP/1.1\r\n${MINE}\r\n\r\n`, "method_not_allowed"],
  [
    "a wish for a web socket",
    get("/livez", "Host: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket"),
    "ok",
  ],
  ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "invalid_request"],
  ["HTTP/1.0", get("/livez", "A: b", "HTTP/1.0"), "ok"],
  ["HTTP/0.9", "GET /livez\r\n\r\n", "invalid_request"],
  ["HTTP/9.9", get("/livez", MINE, "HTTP/9.9"), "invalid_request"],
  ["TLS", Buffer.from("16030100c8010000c40303", "hex"), "invalid_request"],
  ["JSON without HTTP", TASK, "invalid_request"],
];
