import type { DeadLetter, DeadLetterDetail, ShownBytes } from "../../client/api.ts";
import { table } from "../output.ts";

/** More of a value than this is for --json. */
const SHOWN_CHARACTERS_MAX = 2_000;

export function letterLine(letter: DeadLetter): string {
  const { id, status, createdAt, code, field, platformId } = letter;
  const about = [field && `field ${field}`, platformId && `platform ${platformId}`]
    .filter(Boolean)
    .join(", ");
  return `${id}  ${status.padEnd(9)}  ${createdAt}  ${code.padEnd(24)}  ${about}`.trimEnd();
}

export function letterText(letter: DeadLetterDetail): string {
  const { difference, event, headers, topic, partition, offset, history } = letter;
  const summary = table([
    ["dead letter", letter.id],
    ["status", statusText(letter)],
    ["why", `${letter.code}: ${letter.message}`],
    ["from", topic === null ? null : `${topic}, partition ${partition}, offset ${offset}`],
    ["recorded", letter.recordedAt],
    ["stored", letter.createdAt],
    ["replays", letter.replays > 0 ? `${letter.replays}, last ${letter.replayedAt}` : null],
    ["payment", letter.paymentId],
    ["differs in", difference?.field],
    ["  the letter says", difference?.letter],
    ["  the payment says", difference?.payment],
    ["key", bytesText(letter.key)],
    ["value", `${letter.valueBytes} bytes, SHA-256 ${letter.valueSha256}`],
    ["", bytesText(letter.value)],
  ]);
  const headerLines = Object.entries(headers).map(
    ([name, value]) => `  ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const eventLines = event
    ? Object.entries(event).map(([name, value]) => `  ${name}: ${value ?? "–"}`)
    : ["  cannot be read"];
  const done = history.map(({ at, actor, action }) => `  ${at} ${actor} ${action}`);
  return [
    summary,
    ...(headerLines.length > 0 ? ["headers", ...headerLines] : []),
    "event",
    ...eventLines,
    ...(done.length > 0 ? ["history", ...done] : []),
  ].join("\n");
}

function statusText({ status, closedAt, closedBy, closedReason }: DeadLetter): string {
  return closedAt === null ? status : `${status} ${closedAt} by ${closedBy}: ${closedReason}`;
}

function bytesText(bytes: ShownBytes | null): string | null {
  if (bytes === null) return null;
  const shown = bytes.text ?? `base64 ${bytes.base64}`;
  if (shown.length <= SHOWN_CHARACTERS_MAX) return shown;
  return `${shown.slice(0, SHOWN_CHARACTERS_MAX)}… (all of it with --json)`;
}
