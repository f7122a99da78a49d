import { expect, test } from "vitest";
import { createAddressRules } from "../../src/webhooks/address-rules.ts";
import { judgeUrl } from "../../src/webhooks/judge-url.ts";

const publicOnly = createAddressRules([]);
const inside = createAddressRules(["10.0.0.0/8"]);

test.each([
  "https://example.com/hooks?token=x",
  "https://example.com:8443/",
  "https://1.1.1.1/",
  "https://[2606:4700::1111]/",
  "https://münchen.example/",
])("%s may be told", (url) => {
  expect(judgeUrl(url, publicOnly).kind).toBe("ok");
});

test.each([
  ["no URL", "example.com"],
  ["nothing", ""],
  ["longer than 2,048 characters", `https://example.com/${"x".repeat(2_048)}`],
  ["plain http", "http://example.com/"],
  ["another scheme", "ftp://example.com/"],
  ["a file", "file:///etc/passwd"],
  ["a user", "https://user@example.com/"],
  ["a password", "https://:secret@example.com/"],
  ["a fragment", "https://example.com/#top"],
  ["another port", "https://example.com:6379/"],
  ["loopback", "https://127.0.0.1/"],
  ["loopback in one number", "https://2130706433/"],
  ["loopback in hex", "https://0x7f000001/"],
  ["loopback in octal", "https://0177.0.0.1/"],
  ["loopback, short", "https://127.1/"],
  ["the metadata service", "https://169.254.169.254/latest/meta-data"],
  ["IPv6 loopback", "https://[::1]/"],
  ["IPv4-mapped", "https://[::ffff:127.0.0.1]/"],
  ["unique local", "https://[fd00::1]/"],
])("%s is forbidden", (_, url) => {
  expect(judgeUrl(url, publicOnly).kind).toBe("forbidden");
});

test("within an allowed network http and any port will do; a name there is judged by its address later", () => {
  expect(judgeUrl("http://10.0.0.5:3000/hook", inside).kind).toBe("ok");
  expect(judgeUrl("http://receiver.default.svc.cluster.local:3000/", inside).kind).toBe("ok");
  expect(judgeUrl("http://11.0.0.5:3000/hook", inside).kind).toBe("forbidden");
  expect(judgeUrl("http://user@10.0.0.5/", inside).kind).toBe("forbidden");
});
