import { isIPv6, type LookupFunction } from "node:net";
import type { AddressRules, Via } from "./address-rules.ts";
import type { ResolveHost } from "./resolve-host.ts";

/** A name whose addresses are all none that webhooks are sent to. */
export class ForbiddenAddress extends Error {
  constructor() {
    super("the name has no address that webhooks are sent to");
    this.name = "ForbiddenAddress";
  }
}

interface Vetting {
  readonly resolve: ResolveHost;
  readonly rules: AddressRules;
  readonly via: Via;
}

/**
 * How a socket finds its address: what is answered here is what is connected to, so that a name which meant a public address
 * a moment ago and means ours now (DNS rebinding) leads nowhere.
 */
export function vettedLookup(vetting: Vetting): LookupFunction {
  return (host, { all }, found) => {
    void (async () => {
      const addresses = await permittedOf(vetting, host);
      const [first] = addresses;
      if (!first) found(new ForbiddenAddress(), "");
      else if (all) found(null, addresses);
      else found(null, first.address, first.family);
    })().catch((error: NodeJS.ErrnoException) => found(error, ""));
  };
}

async function permittedOf({ resolve, rules, via }: Vetting, host: string) {
  const addresses = await resolve(host);
  return addresses
    .filter((address) => rules.permits(address, via))
    .map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
}
