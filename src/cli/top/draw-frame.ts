import type { Frame } from "./make-frame.ts";

export type Tone = "title" | "dim" | "good" | "bad";
/** Colours a text, or leaves it as it is where there is no terminal. */
export type Paint = (tone: Tone, text: string) => string;

/** Every line fits into this. */
export const WIDTH = 80;
const BAR = 28;
const SHORTEST_SHARE = 0.99;
/** Of payers without funds and operators without gas: the rest are counted. */
const LISTED_MAX = 4;

/** The frame as lines for a terminal of 80 columns. What is bad says so in words, not by colour alone. */
export function drawFrame(frame: Frame, paint: Paint): readonly string[] {
  const isDark = frame.instances.every(({ problem }) => problem !== null);
  if (isDark) return [...header(frame, paint), "", "no instance answers: nothing is known"];
  return [
    ...header(frame, paint),
    "",
    ...promise(frame, paint),
    "",
    ...stages(frame, paint),
    "",
    ...waiting(frame, paint),
    "",
    ...edges(frame, paint),
    ...troubles(frame).map((text) => paint("bad", fit(`! ${text}`))),
  ];
}

function header({ at, instances, rail, window }: Frame, paint: Paint): string[] {
  const up = instances.filter(({ problem }) => problem === null).length;
  const where = instances.length === 1 ? "1 instance" : `${up} of ${instances.length} instances`;
  const span = window.since === "start" ? "since start, " : "last ";
  const left = `gigpay top   ${where}${rail === null ? "" : `, rail ${rail}`}`;
  const right = `${span}${duration(window.seconds)}   ${at.slice(0, 19)}Z`;
  const gap = " ".repeat(Math.max(1, WIDTH - left.length - right.length));
  const down = instances.flatMap(({ url, problem }) =>
    problem === null ? [] : [paint("bad", fit(`! ${url}: ${problem}`))],
  );
  return [paint("title", fit(left + gap + right)), ...down];
}

function promise({ flow, latency }: Frame, paint: Paint): string[] {
  const { threshold, share, p50, p99, mean } = latency;
  const rate = (perSecond: number) => `${perSecond.toFixed(1)}/s`;
  const within = `${percent(share)} of finished payments within ${duration(threshold)}`;
  const tone = share !== null && share < SHORTEST_SHARE ? "bad" : "good";
  return [
    `flow      in ${rate(flow.acceptedPerSecond)}   paid ${rate(flow.completedPerSecond)}   failed ${rate(flow.failedPerSecond)}`,
    `promise   ${paint(share === null ? "dim" : tone, within)}`,
    `time      p50 ${duration(p50)}   p99 ${duration(p99)}   mean ${duration(mean)}`,
  ];
}

function stages({ stages, latency }: Frame, paint: Paint): string[] {
  const shown = stages.filter(({ budget, mean }) => budget !== null || (mean ?? 0) > 0);
  const lines = shown.map(({ stage, mean, budget }) => {
    const text = `${stage.padEnd(15)}${duration(mean).padStart(9)}${duration(budget).padStart(9)}   `;
    if (budget === null || mean === null) return text.trimEnd();
    const isOver = mean > budget;
    return `${text}${paint(isOver ? "bad" : "good", bar(mean / budget))} ${Math.round((mean / budget) * 100)} %${isOver ? "  OVER" : ""}`;
  });
  const total = shown.reduce((sum, { mean }) => sum + (mean ?? 0), 0);
  const unexplained = latency.mean === null ? null : Math.max(0, latency.mean - total);
  return [
    paint("dim", `${"stage".padEnd(15)}${"mean".padStart(9)}${"budget".padStart(9)}`),
    ...lines,
    paint("dim", `${"unexplained".padEnd(15)}${duration(unexplained).padStart(9)}`),
  ];
}

function waiting({ open, held }: Frame, paint: Paint): string[] {
  const cell = (name: string, count: string, age: string) =>
    `${name.padEnd(12)}${count.padStart(8)}${age.padStart(10)}`;
  const rows = Array.from({ length: Math.max(open.length, held.length) }, (_, i) => {
    const [left, right] = [open[i], held[i]];
    const one = left ? cell(left.state, figure(left.count), age(left)) : cell("", "", "");
    return right ? `${one}      ${cell(right.reason, figure(right.count), age(right))}` : one;
  });
  const head = `${cell("open", "count", "oldest")}      ${cell("held for", "count", "oldest")}`;
  return [paint("dim", head), ...rows.map((row) => row.trimEnd())];
}

function edges({ kafka, outbox, deadLetters, paused }: Frame, paint: Paint): string[] {
  const oldest = (count: number | null, oldestAge: number | null) =>
    `oldest ${age({ count, oldestAge })}`;
  return [
    `kafka     ${figure(kafka.lagRecords)} records behind, ${duration(kafka.lagSeconds)}`,
    `outbox    ${figure(outbox.pending)} unpublished, ${oldest(outbox.pending, outbox.oldestAge)}`,
    `letters   ${figure(deadLetters.open)} open, ${oldest(deadLetters.open, deadLetters.oldestAge)}`,
    `paused    ${pausedOf(paused, paint)}`,
  ];
}

function pausedOf({ everything, platforms }: Frame["paused"], paint: Paint): string {
  if (everything === null) return figure(null);
  if (everything) return paint("bad", "EVERYTHING: gigpay doctor says by whom and why");
  if (!platforms) return "nothing";
  return paint("bad", platforms === 1 ? "1 platform" : `${platforms} platforms`);
}

/** What needs a person, in words. */
function troubles(frame: Frame): string[] {
  const { alarms, isRestoreOpen, mismatches, outbox, shortFunds, lowGas, frozen } = frame;
  return [
    ...(isRestoreOpen ? ["a restored backup waits for an operator: gigpay restored"] : []),
    ...alarms.map(({ kind, count }) => `alarm ${kind}: ${count} since the start`),
    ...(mismatches ? [`mismatches of the ledger: ${mismatches}; see gigpay verify`] : []),
    ...(outbox.refused ? [`Kafka refuses ${outbox.refused} records of ours`] : []),
    ...listed(
      shortFunds.map(
        ({ payer, currency, funds, hourlyDemand }) =>
          `${short(payer)} has ${funds.toFixed(2)} ${currency}, an hour took ${hourlyDemand.toFixed(2)}`,
      ),
    ),
    ...listed(
      lowGas.map(
        ({ operator, balance, minimum }) =>
          `operator ${short(operator)} has ${balance.toFixed(2)} for gas, less than ${minimum.toFixed(2)}`,
      ),
    ),
    ...frozen.map(
      ({ sampler, age }) =>
        `figures of the ${sampler} are ${duration(age)} old: do not believe them`,
    ),
  ];
}

function listed(lines: readonly string[]): readonly string[] {
  if (lines.length <= LISTED_MAX) return lines;
  return [...lines.slice(0, LISTED_MAX), `and ${lines.length - LISTED_MAX} more`];
}

function bar(share: number): string {
  const filled = Math.min(BAR, Math.round(share * BAR));
  return "█".repeat(filled) + "░".repeat(BAR - filled);
}

function figure(count: number | null): string {
  return count === null ? "–" : String(count);
}

interface Waiting {
  readonly count: number | null;
  readonly oldestAge: number | null;
}

function age({ count, oldestAge }: Waiting): string {
  return duration(count === 0 ? null : oldestAge);
}

function percent(share: number | null): string {
  if (share === null) return "–";
  // Rounded down: 99.96 % is not all of them.
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}

/** Three figures or so, in the unit that reads best. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 100 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

function short(address: string): string {
  return address.length > 14 ? `${address.slice(0, 8)}…${address.slice(-4)}` : address;
}

function fit(line: string): string {
  return line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line;
}
