import { z } from "zod";

/** Kafka headers as `outbox.headers` and `dead_letters.headers` hold them: text where it is text, else base64. */
export type StoredHeaders = Readonly<Record<string, StoredHeader | readonly StoredHeader[]>>;
type StoredHeader = string | { readonly base64: string };

const storedHeader = z.union([z.string(), z.object({ base64: z.string() })]);
export const storedHeaders = z.record(z.string(), z.union([storedHeader, z.array(storedHeader)]));

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Every value of every header, byte for byte; a header with one value is not an array. */
export function storeHeaders(headers: Readonly<Record<string, readonly Buffer[]>>): StoredHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => {
      const stored = values.map(storeValue);
      const [only] = stored;
      // jsonb has no NUL, not even in a name.
      return [
        name.replaceAll("\u0000", "\uFFFD"),
        stored.length === 1 && only !== undefined ? only : stored,
      ];
    }),
  );
}

/** As Kafka's client takes them. */
export function restoreHeaders(stored: StoredHeaders): Record<string, Buffer | Buffer[]> {
  return Object.fromEntries(
    Object.entries(stored).map(([name, values]) => [
      name,
      isList(values) ? values.map(restoreValue) : restoreValue(values),
    ]),
  );
}

/** jsonb holds any text but NUL. */
function storeValue(value: Buffer): StoredHeader {
  try {
    const text = utf8.decode(value);
    if (!text.includes("\u0000")) return text;
  } catch {
    // Not UTF-8.
  }
  return { base64: value.toString("base64") };
}

function restoreValue(value: StoredHeader): Buffer {
  return typeof value === "string" ? Buffer.from(value) : Buffer.from(value.base64, "base64");
}

function isList(values: StoredHeader | readonly StoredHeader[]): values is readonly StoredHeader[] {
  return Array.isArray(values);
}
