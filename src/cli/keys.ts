import { userInfo } from "node:os";
import { createKey } from "../keys/create-key.ts";
import { listKeys } from "../keys/key-view.ts";
import { revokeKey } from "../keys/revoke-key.ts";
import type { Scope } from "../keys/scopes.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { withDatabase } from "./open-database.ts";
import { confirmChange, type OperatorOptions } from "./operator-options.ts";
import { printDocument, type Output } from "./output.ts";

export interface CreateKeyOptions {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly platform?: string;
  readonly expiresInDays?: number;
  readonly reason: string;
  readonly actor?: string;
}

export interface RevokeKeyOptions extends OperatorOptions {
  readonly actor?: string;
}

/** Without --json the token alone is on stdout. */
export async function createKeyCommand(
  output: Output,
  { name, scopes, platform, expiresInDays, ...asked }: CreateKeyOptions,
): Promise<ExitCode> {
  const { key, token } = await withDatabase((pool) =>
    createKey(pool, {
      name,
      scopes,
      platformId: platform ?? null,
      expiresInDays: expiresInDays ?? null,
      ...orderOf(asked),
    }),
  );
  const of = key.platformId === null ? "all platforms" : `platform ${key.platformId}`;
  process.stderr.write(
    `Key ${key.id} (${key.name}) of ${of} may ${key.scopes.join(", ")}. Its token is shown this once:\n`,
  );
  printDocument(output, { ...key, token }, () => token);
  return EXIT.done;
}

export async function listKeysCommand(output: Output): Promise<ExitCode> {
  const data = await withDatabase(listKeys);
  printDocument(output, { data }, () => {
    if (data.length === 0) return "no keys";
    const lines = data.map(({ id, name, platformId, scopes, state, lastUsedAt }) =>
      [
        `${id}  ${state.padEnd(7)}  ${name}, ${platformId ?? "all platforms"}: ${scopes.join(" ")}`,
        `, last used ${lastUsedAt ?? "never"}`,
      ].join(""),
    );
    return lines.join("\n");
  });
  return EXIT.done;
}

/** Exit 5 where there is nothing to revoke. */
export async function revokeKeyCommand(
  output: Output,
  id: string,
  options: RevokeKeyOptions,
): Promise<ExitCode> {
  await confirmChange(options, `Revoke key ${id}: whoever uses it is locked out`);
  const verdict = await withDatabase((pool) => revokeKey(pool, id, orderOf(options)));
  printDocument(output, { id, verdict }, () => `key ${id}: ${verdict.replaceAll("_", " ")}`);
  return verdict === "revoked" ? EXIT.done : EXIT.refused;
}

/** For the audit log: who and why. */
function orderOf({ reason, actor }: Pick<RevokeKeyOptions, "reason" | "actor">) {
  return { reason, actor: `operator:${actor ?? userInfo().username}` };
}
