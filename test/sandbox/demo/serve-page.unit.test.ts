import { request } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createBoard, type Board } from "../../../sandbox/demo/board/board.ts";
import type { Frame } from "../../../sandbox/demo/board/frame.ts";
import { servePage, type Page } from "../../../sandbox/demo/page/serve-page.ts";

let board: Board;
let page: Page;
let pressed: string[];

beforeEach(async () => {
  board = createBoard();
  pressed = [];
  const onKey = (key: string) => {
    if (key !== "k") return false;
    pressed.push(key);
    return true;
  };
  page = await servePage({ frame: () => board.frame(Date.now()), onKey });
});
afterEach(() => page[Symbol.asyncDispose]());

const origin = () => new URL(page.url).origin;

/** Unlike fetch, it may name another host. */
function statusFor(path: string, method: string, headers: Record<string, string>) {
  const answered = Promise.withResolvers<number>();
  const { port } = new URL(page.url);
  request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
    response.resume();
    answered.resolve(response.statusCode ?? 0);
  })
    .on("error", answered.reject)
    .end();
  return answered.promise;
}

/** The frames of the stream as they come. */
async function* framesOf(response: Response): AsyncGenerator<Frame> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length)) as Frame;
    }
  }
}

test("everything that the page names is served, under a policy that lets nothing else in", async () => {
  const answer = await fetch(page.url);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  const html = await answer.text();
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name ?? "");
  expect(named).toContain("main.js");
  const seen = new Set<string>();
  for (const name of named) {
    if (seen.has(name)) continue;
    seen.add(name);
    const file = await fetch(new URL(name, page.url));
    expect([name, file.status]).toEqual([name, 200]);
    const imports = [...(await file.text()).matchAll(/from "\.\/([^"]+)"/g)];
    if (name.endsWith(".js")) named.push(...imports.map(([, imported]) => imported ?? ""));
  }
});

test("whoever joins has a frame at once, and the last one when the demo ends", async () => {
  const frames = framesOf(await fetch(`${page.url}events`));
  const { value: first } = await frames.next();
  expect((first as Frame).audit).toBeNull();
  board.conclude({ balanced: true, rows: [], offenders: [] });
  await page[Symbol.asyncDispose]();
  let last: Frame | undefined;
  for await (const frame of frames) last = frame;
  expect(last?.audit?.balanced).toBe(true);
  page = await servePage({ frame: () => board.frame(0), onKey: () => false });
});

test("there is room for sixteen to look on, and again when one leaves", async () => {
  const leaving = new AbortController();
  const first = await fetch(`${page.url}events`, { signal: leaving.signal });
  expect(first.status).toBe(200);
  for (let n = 2; n <= 16; n += 1) expect((await fetch(`${page.url}events`)).status).toBe(200);
  expect((await fetch(`${page.url}events`)).status).toBe(503);
  leaving.abort();
  await expect.poll(async () => (await fetch(`${page.url}events`)).status).toBe(200);
});

test("a key is taken from the page itself, and from no other site's", async () => {
  const press = (key: string, from: string) =>
    statusFor(`/keys/${key}`, "POST", { origin: from, host: new URL(page.url).host });
  expect(await press("k", origin())).toBe(204);
  expect(pressed).toEqual(["k"]);
  expect(await press("x", origin())).toBe(404);
  expect(await press("k", "http://example.com")).toBe(403);
  expect(await statusFor("/keys/k", "POST", { host: new URL(page.url).host })).toBe(403);
  expect(pressed).toEqual(["k"]);
});

test("a foreign name that leads here, unknown paths and other methods are refused", async () => {
  const { host } = new URL(page.url);
  expect(await statusFor("/", "GET", { host: "rebound.example" })).toBe(421);
  expect(await statusFor("/", "GET", { host })).toBe(200);
  expect(await statusFor("/", "HEAD", { host })).toBe(200);
  expect(await statusFor("/../demo.ts", "GET", { host })).toBe(404);
  expect(await statusFor("/page.css", "PUT", { host })).toBe(405);
});
