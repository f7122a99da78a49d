import { Client } from "pg";
import { privateKeyToAccount } from "viem/accounts";

/** A platform whose events create their tasks, paid for by one treasury. */
export interface SeededPlatform {
  readonly id: string;
  readonly payer: string;
}

export interface SeededWorker {
  readonly id: string;
  readonly wallet: string;
}

export interface Directory {
  readonly platforms: readonly SeededPlatform[];
  readonly workers: readonly SeededWorker[];
}

/** A worker's wallet that nobody holds the key of but this sandbox: derived, so that every run has the same. */
function workerWallet(index: number): string {
  const key = `0x${(0xa11ce_0000n + BigInt(index)).toString(16).padStart(64, "0")}` as const;
  return privateKeyToAccount(key).address.toLowerCase();
}

/**
 * Fills the service's directory as the platforms' own systems would. Wallets are bounded in number, because anvil
 * slows with every token holder.
 */
export async function seedDirectory(
  databaseUrl: string,
  payers: readonly string[],
  workerCount = 200,
): Promise<Directory> {
  const platforms = payers.map((payer, i) => ({
    id: `platform-${i + 1}`,
    payer: payer.toLowerCase(),
  }));
  const workers = Array.from({ length: workerCount }, (_, i) => ({
    id: `worker-${i + 1}`,
    wallet: workerWallet(i),
  }));
  const client = new Client({ connectionString: databaseUrl, query_timeout: 10_000 });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO platforms (id, name, wallet_address, task_source)
       SELECT id, id, wallet, 'event' FROM unnest($1::text[], $2::text[]) AS p (id, wallet)
       ON CONFLICT (id) DO UPDATE SET wallet_address = excluded.wallet_address`,
      [platforms.map(({ id }) => id), platforms.map(({ payer }) => payer)],
    );
    await client.query(
      `INSERT INTO workers (id, name, wallet_address)
       SELECT id, id, wallet FROM unnest($1::text[], $2::text[]) AS w (id, wallet)
       ON CONFLICT (id) DO UPDATE SET wallet_address = excluded.wallet_address`,
      [workers.map(({ id }) => id), workers.map(({ wallet }) => wallet)],
    );
  } finally {
    await client.end();
  }
  return { platforms, workers };
}
