import ipaddr from "ipaddr.js";

/** Whom webhooks may be sent to, by address: names prove nothing, they may mean another address a moment later. */
export interface AddressRules {
  /** Whether any private network is open at all: else an http URL can never be sent to. */
  readonly hasAllowed: boolean;
  /** Whether a connection to this address may be opened, as the URL would have it. */
  readonly permits: (address: string, via: Via) => boolean;
}

export interface Via {
  readonly isHttps: boolean;
  readonly port: number;
}

/**
 * On public addresses. Any other port is somebody's mail server or database, which would be spoken to by a service with
 * a good name.
 */
const PUBLIC_PORTS: ReadonlySet<number> = new Set([443, 8443]);

/** All that was ever given out to be reached by everybody (RFC 4291, IANA); what is not in it is special or unassigned. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Public addresses over TLS, and whatever lies in the networks that the operator has allowed. */
export function createAddressRules(allowedCidrs: readonly string[]): AddressRules {
  const allowed = allowedCidrs.map((cidr) => ipaddr.parseCIDR(cidr));
  return {
    hasAllowed: allowed.length > 0,
    permits(text, { isHttps, port }) {
      if (!ipaddr.isValid(text)) return false;
      const address = ipaddr.parse(text);
      // ::ffff:10.0.0.1 is 10.0.0.1 to the kernel; a network that is named as IPv4 means it too.
      const reached = ipaddr.process(text);
      if (allowed.some((network) => lies(reached, network))) return true;
      return isHttps && PUBLIC_PORTS.has(port) && isPublic(address);
    },
  };
}

function lies(address: Address, [network, bits]: [Address, number]): boolean {
  if (address instanceof ipaddr.IPv4) {
    return network instanceof ipaddr.IPv4 && address.match(network, bits);
  }
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

/**
 * Unicast and of no special range: not private, loopback, link-local, shared (CGNAT), documentation or reserved, and none of
 * the IPv6 forms that carry another address within (mapped, compatible, NAT64, 6to4, Teredo).
 */
function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
}
