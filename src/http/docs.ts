import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyRequest, FastifyReply } from "fastify";

/** Everything comes from this server; the styles are the page's own. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The interactive documentation at `/docs`, without any asset from elsewhere. */
export async function serveDocs(
  app: FastifyInstance,
  document: unknown,
  admit: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      await admit(request, reply);
    });
    await scope.register(swagger, {
      mode: "static",
      specification: { document: document as never },
    });
    await scope.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: CSP,
      uiConfig: { validatorUrl: null, persistAuthorization: false, tryItOutEnabled: true },
    });
  });
}
