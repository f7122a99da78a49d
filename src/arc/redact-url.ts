const SECRET_MIN_LENGTH = 8;
const MESSAGE_MAX_LENGTH = 300;

/**
 * RPC URLs carry API keys, and nodes, proxies and client libraries quote them in errors. Gives a function that blanks, in
 * any text, the URLs and every part of them that may be a key, and cuts what is left.
 */
export function redactor(urls: readonly string[]): (text: string) => string {
  const secrets = urls.flatMap(secretsOf).sort((a, b) => b.length - a.length);
  return (text) =>
    secrets
      .reduce((clean, secret) => clean.replaceAll(secret, "***"), text)
      .slice(0, MESSAGE_MAX_LENGTH);
}

function secretsOf(text: string): string[] {
  const url = new URL(text);
  const parts = [
    url.username,
    url.password,
    ...url.pathname.split("/"),
    ...url.searchParams.values(),
  ];
  const keys = parts.flatMap((part) => [part, decodeURIComponent(part)]);
  return [text, url.href, ...keys.filter((key) => key.length >= SECRET_MIN_LENGTH)];
}
