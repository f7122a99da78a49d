import { readdir, readFile } from "node:fs/promises";

/** Linux only, like the sandbox. Of /proc/PID/stat, in the kernel's clock ticks. */
interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Its own and those of the children it has seen the end of. */
  readonly ticks: number;
}

/** A hundred a second on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** Of all processes, by id. */
export type ProcessTable = ReadonlyMap<number, ProcessTimes>;

export async function readProcesses(): Promise<ProcessTable> {
  const entries = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(
    // One that has ended since is no process any more.
    entries.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")),
  );
  const table = stats.flatMap((stat) => parseStat(stat) ?? []);
  return new Map(table.map((process) => [process.pid, process]));
}

/** The second field, the program's name, may have spaces and brackets in it. */
export function parseStat(stat: string): ProcessTimes | undefined {
  const close = stat.lastIndexOf(")");
  if (close < 0) return undefined;
  const fields = stat
    .slice(close + 2)
    .split(" ")
    .map(Number);
  const at = (field: number) => fields[field - 3] ?? Number.NaN;
  const ticks = at(14) + at(15) + at(16) + at(17);
  return { pid: Number.parseInt(stat, 10), parent: at(4), ticks };
}

/** The CPU time of a process and of everything that it has started, ended or not. */
export function treeCpuMs(table: ProcessTable, root: number): number {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of table.values()) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  let ticks = 0;
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    ticks += table.get(pid)?.ticks ?? 0;
    waiting.push(...(children.get(pid) ?? []));
  }
  return ticks * MS_PER_TICK;
}

/** The most memory that a process has ever had resident. */
export function peakRssMb(pid: number): Promise<number> {
  return memoryMb(pid, /VmHWM:\s+(\d+) kB/);
}

/** What it has resident now. */
export function rssMb(pid: number): Promise<number> {
  return memoryMb(pid, /VmRSS:\s+(\d+) kB/);
}

async function memoryMb(pid: number, line: RegExp): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(line.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

export interface MachineTimes {
  /** Of all processors: everything but idle and waiting for a disk; what the host took for others counts. */
  readonly busyMs: number;
  readonly wholeMs: number;
}

export async function readMachineTimes(): Promise<MachineTimes> {
  return parseMachineTimes(await readFile("/proc/stat", "utf8"));
}

export function parseMachineTimes(stat: string): MachineTimes {
  const [, ...fields] = (stat.split("\n", 1)[0] ?? "").split(/\s+/).map(Number);
  // The last two, guests, are part of the first two.
  const ticks = fields.slice(0, 8);
  const whole = ticks.reduce((sum, each) => sum + each, 0);
  const idle = (ticks[3] ?? 0) + (ticks[4] ?? 0);
  return { busyMs: (whole - idle) * MS_PER_TICK, wholeMs: whole * MS_PER_TICK };
}
