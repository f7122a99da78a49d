import { isIPv6 } from "node:net";

/** Sixteen bits each. */
const NETWORK_GROUPS = 4;

/** An address's name as a caller: whoever has an IPv6 network has 2^64 addresses of it, and they count as one. */
export function networkOf(ip: string, groupsKept = NETWORK_GROUPS): string {
  if (!isIPv6(ip) || ip.startsWith("::ffff:")) return ip;
  const [head = "", tail] = ip.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  if (tail === undefined) return groups.slice(0, groupsKept).join(":");
  const after = tail.split(":").filter((group) => group !== "");
  const zeros = Array.from({ length: 8 - groups.length - after.length }, () => "0");
  return [...groups, ...zeros, ...after].slice(0, groupsKept).join(":");
}
