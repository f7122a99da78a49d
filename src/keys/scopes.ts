/** What an API key may be allowed to do; docs/api.md says what each one opens. */
export const SCOPES = [
  "payments:write",
  "payments:read",
  "directory:write",
  "webhooks:manage",
  "operate",
] as const;

export type Scope = (typeof SCOPES)[number];
