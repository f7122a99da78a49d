import { z } from "zod";
import { defineRoute } from "../route.ts";

export const showOpenApi = defineRoute({
  method: "GET",
  path: "/openapi.json",
  operationId: "showOpenApi",
  tag: "Service",
  summary: "The OpenAPI document",
  access: "open",
  isHidden: true,
  answers: { 200: { description: "OpenAPI 3.1", body: z.unknown() } },
  problems: [],
})(async ({ deps }) => ({ status: 200, body: deps.openApi() }));
