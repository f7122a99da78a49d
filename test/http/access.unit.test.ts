import { beforeAll, expect, test } from "vitest";
import type { Route } from "../../src/http/route.ts";
import { ALL_ROUTES } from "../../src/http/routes/all-routes.ts";
import type { ApiKey } from "../../src/keys/find-key.ts";
import { SCOPES } from "../../src/keys/scopes.ts";
import { apiOver, BEARER, keyOf } from "./api-fixture.ts";

/** Whoever needs no key, and why. A route that is added stands here only if it is to be open. */
const KEYLESS = {
  reportTask: "signed",
  receiveCircleNotification: "signed",
  checkCircleEndpoint: "open",
  showProblem: "open",
  showOpenApi: "open",
  livez: "probe",
  readyz: "probe",
};

const KEYED = ALL_ROUTES.flatMap(({ spec }) => {
  const { access, operationId } = spec;
  return typeof access === "string" ? [] : [{ ...spec, access, operationId }];
});

test("only these operations need no key", () => {
  const keyless = ALL_ROUTES.flatMap(({ spec: { operationId, access } }) =>
    typeof access === "string" ? [[operationId, access]] : [],
  );
  expect(Object.fromEntries(keyless)).toEqual(KEYLESS);
});

/** Whose key it is that is shown. */
let shown: ApiKey | undefined;
let app: Awaited<ReturnType<typeof apiOver>>;

beforeAll(async () => {
  app = await apiOver({ findKey: async () => shown });
});

const asked = ({ method, path }: Route["spec"]) => ({
  method,
  url: path.replaceAll(/\{\w+\}/g, "5a1c2f0e-8a54-4e0b-9d53-0c7f5f7a0b11"),
});

test.each(KEYED)("$operationId: no key, and a wrong one, is 401", async (spec) => {
  shown = undefined;
  for (const headers of [{}, BEARER, { authorization: "Basic Zm9v" }]) {
    const response = await app.inject({ ...asked(spec), headers });
    expect(response.json()).toMatchObject({ code: "unauthenticated", status: 401 });
    expect(response.headers["www-authenticate"]).toMatch(/^Bearer /);
  }
});

test.each(KEYED)("$operationId: a key with every scope but $access.scope is 403", async (spec) => {
  const { scope } = spec.access;
  shown = keyOf({ scopes: SCOPES.filter((each) => each !== scope) });
  const response = await app.inject({ ...asked(spec), headers: BEARER });
  expect(response.json()).toMatchObject({
    code: "insufficient_scope",
    status: 403,
    detail: expect.stringContaining(scope),
  });
});

test.each(KEYED.filter(({ access }) => access.allPlatforms))(
  "$operationId: a key of one platform is 403",
  async (spec) => {
    shown = keyOf({ platformId: "acme" });
    const response = await app.inject({ ...asked(spec), headers: BEARER });
    expect(response.json()).toMatchObject({
      code: "insufficient_scope",
      detail: expect.stringContaining("all platforms"),
    });
  },
);
