import type { AddressRules } from "../webhooks/address-rules.ts";
import type { ResolveHost } from "../webhooks/resolve-host.ts";
import type { Wake } from "../wake.ts";

/** What the routes need to vet a receiver and to have it told at once. */
export interface WebhookPort {
  readonly rules: AddressRules;
  readonly resolve: ResolveHost;
  /** Rung when something was made due. */
  readonly due: Wake;
}
