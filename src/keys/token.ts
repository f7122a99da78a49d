import { createHash, randomBytes } from "node:crypto";

/** What its holder sends: `gsp_`, the key's public id, and 256 random bits. */
const TOKEN = /^gsp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

export interface NewToken {
  readonly id: string;
  /** Shown once; kept nowhere. */
  readonly token: string;
  readonly sha256: Buffer;
}

export function newToken(): NewToken {
  const id = randomBytes(8).toString("hex");
  const token = `gsp_${id}_${randomBytes(32).toString("base64url")}`;
  return { id, token, sha256: sha256Of(token) };
}

/** The id of the key that a token claims to be, and what its hash must be; undefined: it is no token of ours. */
export function readToken(token: string): Omit<NewToken, "token"> | undefined {
  const [, id] = TOKEN.exec(token) ?? [];
  return id === undefined ? undefined : { id, sha256: sha256Of(token) };
}

/** Fast on purpose: 256 random bits are not guessed, however cheap a guess is. */
function sha256Of(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
