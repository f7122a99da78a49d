import { askDatabase } from "../database/translate-error.ts";
import { dispositionOf } from "../errors.ts";
import type { ApiKey } from "../keys/find-key.ts";
import { getDeadLetter, type DeadLetterDetail, type Decode } from "../queries/get-dead-letter.ts";
import type { ApiDeps } from "./api-deps.ts";
import { owns } from "./own-platform.ts";
import { notFound } from "./problems.ts";

/** A dead letter that this key may see: one that names no platform is for keys of all platforms. Throws `not_found`. */
export async function findOwnLetter(
  { pool, replay }: ApiDeps,
  key: ApiKey,
  id: string,
): Promise<DeadLetterDetail> {
  // The bytes are worth showing without the registry too.
  const decode: Decode = (value) =>
    replay.decodeTaskCompleted(value).catch((error: unknown) => {
      if (dispositionOf(error) !== "retry") throw error;
      return { ok: false } as const;
    });
  const letter = await askDatabase(() => getDeadLetter(pool, decode, id));
  if (!letter || !owns(key, letter.platformId)) throw notFound("dead letter");
  return letter;
}
