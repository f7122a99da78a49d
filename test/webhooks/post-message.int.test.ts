import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";
import { createPoster, type PosterSettings } from "../../src/webhooks/post-message.ts";
import { answering, silent, startReceiver, type Answer } from "./receiver.ts";

/** Longer than anything takes on a busy machine. */
const PATIENT_MS = 20_000;
const HURRIED_MS = 400;
const never = new AbortController().signal;
const headers = { "content-type": "application/json", "webhook-id": "m1" };
const body = JSON.stringify({ type: "test" });

const opened = new AsyncDisposableStack();
let running = opened;
afterEach(async () => {
  await running.disposeAsync();
  running = new AsyncDisposableStack();
});

const receiving = async (answer?: Answer) => running.use(await startReceiver(answer));

function posterOf(changes: Partial<PosterSettings> = {}) {
  const poster = createPoster({
    timeoutMs: PATIENT_MS,
    rules: createAddressRules(["127.0.0.0/8"]),
    resolve: () => Promise.reject(new Error("no such name")),
    ...changes,
  });
  onTestFinished(() => poster.close());
  return (url: string, signal = never) => poster.post({ url, headers, body }, signal);
}

test("posts the bytes and headers as they are, and takes 2xx for an answer", async () => {
  const receiver = await receiving();
  expect(await posterOf()(receiver.url)).toEqual({ kind: "delivered", statusCode: 204 });
  const [received] = receiver.received.items;
  expect(received).toMatchObject({ path: "/hook", body, headers });
  expect(received?.headers["content-length"]).toBe(String(body.length));
});

test("a redirect is a refusal: nobody is sent on to where was not looked at", async () => {
  const target = await receiving();
  const receiver = await receiving(answering(307, { location: target.url }));
  expect(await posterOf()(receiver.url)).toEqual({ kind: "rejected", statusCode: 307 });
  expect(target.received.items).toEqual([]);
});

test.each([
  [410, "gone"],
  [400, "rejected"],
  [503, "rejected"],
])("%i is %s", async (status, kind) => {
  const receiver = await receiving(answering(status));
  expect(await posterOf()(receiver.url)).toEqual({ kind, statusCode: status });
});

test.each<[string, Answer]>([
  ["that never answers", silent],
  ["whose headers never end", (response) => response.socket?.write("HTTP/1.1 200 OK\r\nx: ")],
  ["whose body never ends", (response) => response.writeHead(200).write("and then")],
])("a receiver %s is given up in time", async (_, answer) => {
  const receiver = await receiving(answer);
  expect(await posterOf({ timeoutMs: HURRIED_MS })(receiver.url)).toEqual({
    kind: "timeout",
    statusCode: null,
  });
});

test("a body that drips without end is given up in the same time, however lively it is", async () => {
  const receiver = await receiving((response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write("."), 20);
    response.on("close", () => clearInterval(drip));
  });
  expect(await posterOf({ timeoutMs: HURRIED_MS })(receiver.url)).toEqual({
    kind: "timeout",
    statusCode: null,
  });
});

test("a name that is never resolved is given up in time", async () => {
  const post = posterOf({
    timeoutMs: HURRIED_MS,
    resolve: () => new Promise(() => undefined),
  });
  expect(await post("http://slow.example:3000/")).toEqual({ kind: "timeout", statusCode: null });
});

test("of an endless body no more is read than anybody would", async () => {
  let written = 0;
  const receiver = await receiving((response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(65_536);
    const pour = () => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length;
      written += chunk.length;
    };
    response.on("drain", pour);
    pour();
  });
  expect(await posterOf()(receiver.url)).toMatchObject({ kind: "delivered" });
  // What the sockets hold between the two, and not a stream of gigabytes.
  expect(written).toBeLessThan(16 * 1024 * 1024);
});

test("who breaks the connection, before or within the answer, is unreachable", async () => {
  const receiver = await receiving((response) => response.socket?.destroy());
  const post = posterOf();
  expect(await post(receiver.url)).toEqual({ kind: "unreachable", statusCode: null });
  receiver.answer = (response) => {
    response.writeHead(200, { "content-length": "1000" }).write("part", () => response.destroy());
  };
  expect(await post(receiver.url)).toEqual({ kind: "unreachable", statusCode: null });
});

test("who answers that it would rather speak something else ends the try, and holds no turn for ever", async () => {
  const switching = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    );
  });
  switching.listen(0, "127.0.0.1");
  await once(switching, "listening");
  const { port } = switching.address() as AddressInfo;
  expect(await posterOf()(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: "unreachable" });
  switching.close();
});

test("who is not there, has no name or speaks no HTTP is unreachable", async () => {
  const receiver = await startReceiver();
  await receiver[Symbol.asyncDispose]();
  const post = posterOf();
  expect(await post(receiver.url)).toEqual({ kind: "unreachable", statusCode: null });
  expect(await post("http://nowhere.example:3000/")).toMatchObject({ kind: "unreachable" });
  const mail = createServer((socket) => socket.on("error", () => undefined).end("220 hello\r\n"));
  mail.listen(0, "127.0.0.1");
  await once(mail, "listening");
  const { port } = mail.address() as AddressInfo;
  expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: "unreachable" });
  mail.close();
});

test("TLS without a certificate that fits is unreachable", async () => {
  const receiver = await receiving();
  const url = receiver.url.replace("http:", "https:");
  expect(await posterOf()(url)).toEqual({ kind: "unreachable", statusCode: null });
});

test("a kept connection that the receiver has closed meanwhile is no failure: the try goes over a new one", async () => {
  const used = new WeakSet<object>();
  const receiver = await receiving((response) => {
    const { socket } = response;
    if (!socket || used.has(socket)) socket?.destroy();
    else {
      used.add(socket);
      response.writeHead(204).end();
    }
  });
  const post = posterOf();
  for (let n = 0; n < 3; n += 1) {
    expect(await post(receiver.url)).toEqual({ kind: "delivered", statusCode: 204 });
  }
  expect(receiver.received.items.length, "one came over a connection that was used").toBe(4);
});

test("over TLS a receiver is believed by its name's certificate, and by no other name", async () => {
  const { key, cert } = selfSigned("receiver.example");
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, cert]);
  onTestFinished(() => setDefaultCACertificates(before));
  const server = createTlsServer({ key, cert }, (request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const post = posterOf({ resolve: async () => ["127.0.0.1"] });
  const told = async (host: string) => (await post(`https://${host}:${port}/hook`)).kind;
  expect(await told("receiver.example")).toBe("delivered");
  expect(await told("other.example")).toBe("unreachable");
});

function selfSigned(host: string): { readonly key: string; readonly cert: string } {
  const args = [
    "req",
    "-x509",
    "-nodes",
    "-days",
    "2",
    "-newkey",
    "ec",
    "-keyout",
    "-",
    "-out",
    "-",
  ];
  const curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const names = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  const text = execFileSync("openssl", [...args, ...curve, ...names], { encoding: "utf8" });
  const part = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----[^]*?-----END ${name}-----`).exec(text)?.[0] ?? "";
  return { key: part("PRIVATE KEY"), cert: part("CERTIFICATE") };
}

test("a name is vetted by the address that is connected to, at each try: rebinding gains nothing", async () => {
  const receiver = await receiving();
  const answers = [
    ["10.0.0.1"],
    ["127.0.0.1"],
    ["::ffff:127.0.0.1"],
    ["169.254.169.254", "10.0.0.1"],
  ];
  const publicOnly = createAddressRules([]);
  const asked: string[] = [];
  const post = posterOf({
    rules: publicOnly,
    resolve: async (host) => {
      asked.push(host);
      return answers[asked.length - 1] ?? [];
    },
  });
  for (const _ of answers) {
    expect(await post("https://rebinding.example:8443/")).toEqual({
      kind: "forbidden",
      statusCode: null,
    });
  }
  expect(asked).toHaveLength(answers.length);
  expect(receiver.received.items).toEqual([]);
});

test("of a name with several addresses only the permitted ones are connected to", async () => {
  const receiver = await receiving();
  const post = posterOf({ resolve: async () => ["10.0.0.1", "127.0.0.1"] });
  expect(await post(`http://receiver.example:${receiver.port}/hook`)).toMatchObject({
    kind: "delivered",
  });
});

test("an address in the URL is looked at as well, and nothing is sent", async () => {
  const receiver = await receiving();
  const post = posterOf({ rules: createAddressRules(["10.0.0.0/8"]) });
  for (const host of ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]"]) {
    const url = `http://${host}:${receiver.port}/hook`;
    expect(await post(url), url).toEqual({ kind: "forbidden", statusCode: null });
  }
  expect(receiver.received.items).toEqual([]);
});

test("a try that is broken off by our own end is told as that", async () => {
  const receiver = await receiving(silent);
  const stopping = new AbortController();
  const trying = posterOf({ timeoutMs: 60_000 })(receiver.url, stopping.signal);
  await receiver.received.next("the try", () => true);
  stopping.abort();
  expect(await trying).toEqual({ kind: "stopped", statusCode: null });
});
