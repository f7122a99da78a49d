import { randomBytes } from "node:crypto";

/**
 * A new id shaped like Circle's own: version 7 for transactions, 5 for what lives long. Never 4, so that nobody comes
 * to rely on it.
 */
export function newId(version: 5 | 7): string {
  const bytes = randomBytes(16);
  if (version === 7) bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Circle writes times to the second. */
export function circleDate(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
