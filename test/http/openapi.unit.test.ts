import { expect, test } from "vitest";
import { openApiDocument } from "../../src/http/openapi/document.ts";
import { ALL_ROUTES } from "../../src/http/routes/all-routes.ts";
import { apiOver, PUBLIC_URL } from "./api-fixture.ts";

test("what a probe refuses is documented as well", async () => {
  const app = await apiOver();
  const { statusCode } = await app.inject("/livez?verbose=1");
  const { responses } = openApiDocument(ALL_ROUTES, "").paths?.["/livez"]?.get ?? {};
  expect(Object.keys(responses ?? {})).toContain(`${statusCode}`);
});

test("what refers to a component adds nothing that forbids the component's members", () => {
  const closed: unknown[] = [];
  JSON.stringify(openApiDocument(ALL_ROUTES, ""), (_, value: unknown) => {
    const { $ref, additionalProperties } = (value ?? {}) as Record<string, unknown>;
    if ($ref !== undefined && additionalProperties === false) closed.push(value);
    return value;
  });
  expect(closed).toEqual([]);
});

test.each([
  ["AmountIn", ["50", "0.000001", "99999999999999.999999"], ["0", "0.0", "00.000000", "1e3", "-1"]],
  ["FeePercentage", ["0", "2.5", "99.9999", "2.500000"], ["100", "2.00001", "-1", ".5"]],
] as const)("the document allows of %s what the service takes", (name, taken, refused) => {
  const schema = openApiDocument(ALL_ROUTES, "").components?.schemas?.[name];
  const { pattern = "$" } = schema as { pattern?: string };
  expect(taken.filter((text) => !new RegExp(pattern).test(text))).toEqual([]);
  expect(refused.filter((text) => new RegExp(pattern).test(text))).toEqual([]);
});

test("the document is served, with the address that the API is found under", async () => {
  const app = await apiOver();
  const response = await app.inject("/openapi.json");
  expect(response.json()).toEqual(openApiDocument(ALL_ROUTES, PUBLIC_URL));
  expect(response.json()).toMatchObject({ openapi: "3.1.1", servers: [{ url: PUBLIC_URL }] });
});

test("every operation has a name of its own, and every path and tag is described", () => {
  const ids = ALL_ROUTES.map(({ spec }) => spec.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test("the documentation comes from here alone", async () => {
  const app = await apiOver();
  const page = await app.inject("/docs");
  expect(page.statusCode).toBe(200);
  expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
  const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? "");
  expect(assets.length).toBeGreaterThan(3);
  for (const url of assets) {
    expect(url).not.toMatch(/^(https?:)?\/\//);
    const asset = await app.inject(new URL(url, "http://x/docs").pathname);
    expect(asset.statusCode, url).toBe(200);
  }
});
