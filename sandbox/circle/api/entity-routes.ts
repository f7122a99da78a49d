import { circleError } from "./circle-error.ts";
import type { EntitySecretCheck } from "./entity-secret.ts";
import type { Route } from "./route.ts";

/** The endpoints of the account itself. Its secret is registered from the start. */
export function entityRoutes(secret: EntitySecretCheck): Route[] {
  return [
    {
      method: "GET",
      template: "/v1/w3s/config/entity/publicKey",
      handle: () => ({ status: 200, data: { publicKey: secret.publicKeyPem } }),
    },
    {
      method: "POST",
      template: "/v1/w3s/config/entity/entitySecret",
      handle: () => {
        throw circleError(156015);
      },
    },
  ];
}
