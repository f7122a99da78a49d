import { isIP } from "node:net";
import type { AddressRules, Via } from "./address-rules.ts";

const URL_LENGTH_MAX = 2_048;

export type JudgedUrl =
  | { readonly kind: "ok"; readonly url: URL; readonly host: string; readonly via: Via }
  | { readonly kind: "forbidden"; readonly reason: string };

/**
 * What can be said of a URL without asking anybody. The address behind a name is looked at when it is connected to;
 * one that stands in the URL itself, however it is written, here.
 */
export function judgeUrl(text: string, rules: AddressRules): JudgedUrl {
  const url = text.length <= URL_LENGTH_MAX && URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return forbidden(`It is no URL of at most ${URL_LENGTH_MAX} characters.`);
  const isHttps = url.protocol === "https:";
  if (!isHttps && url.protocol !== "http:") return forbidden("Give an https:// URL.");
  if (!isHttps && !rules.hasAllowed) return forbidden("Give an https:// URL.");
  if (url.username !== "" || url.password !== "") {
    return forbidden("A URL may hold no user name and no password.");
  }
  if (url.hash !== "") return forbidden("A fragment (#…) is never sent; leave it out.");
  const via = { isHttps, port: url.port === "" ? (isHttps ? 443 : 80) : Number(url.port) };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isAddress = isIP(host) !== 0;
  if (isAddress && !rules.permits(host, via)) return forbidden(NOT_PUBLIC);
  if (!isAddress && !rules.hasAllowed && !rules.permits(ANY_PUBLIC, via)) {
    return forbidden("Public receivers listen on port 443 or 8443.");
  }
  return { kind: "ok", url, host, via };
}

/** Stands for whatever a name may turn out to be. */
const ANY_PUBLIC = "1.1.1.1";

export const NOT_PUBLIC =
  "Its address and port are none that webhooks are sent to: public ones by https on 443 or 8443.";

function forbidden(reason: string): JudgedUrl {
  return { kind: "forbidden", reason };
}
