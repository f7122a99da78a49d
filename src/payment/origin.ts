/** What set a payment's clock going: its event, a replayed dead letter, or an operator's retry. Promises are of `live`. */
export const ORIGINS = ["live", "replay", "retry"] as const;
export type Origin = (typeof ORIGINS)[number];
