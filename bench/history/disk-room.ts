import { statfs } from "node:fs/promises";

/** With its indexes, what sorting them takes, and what the rounds add. */
const BYTES_PER_PAYMENT = 4_500;
const GB = 1e9;

/** Throws where there is too little room in that directory: a disk that fills up takes more along than a benchmark. */
export async function refuseWithoutRoom(
  directory: string,
  payments: number,
  freeBytes: (directory: string) => Promise<number> = readFreeBytes,
): Promise<void> {
  const wantedGb = (payments * BYTES_PER_PAYMENT) / GB;
  const freeGb = (await freeBytes(directory)) / GB;
  if (freeGb >= wantedGb) return;
  throw new Error(
    `a history of ${payments} payments needs ${wantedGb.toFixed(1)} GB free in ${directory}, and there are ${freeGb.toFixed(1)}; TMPDIR names another place`,
  );
}

async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
