import { z } from "zod";

const count = z.int().min(0);
const range = z
  .strictObject({ min: z.number().min(0), max: z.number().min(0) })
  .refine(({ min, max }) => min <= max, "min must not exceed max");

/** Everything about the emulator that may be changed while it runs. */
const settingsSchema = z.strictObject({
  latency: z.strictObject({
    /** From the acceptance of a POST to state SENT. */
    sentMs: range,
    /** How long any HTTP answer is held back. */
    answerMs: range,
    /** How far Circle's COMPLETE lags behind the block. */
    completeMs: range,
  }),
  rate: z.strictObject({
    enabled: z.boolean(),
    /** Per POST, PATCH or DELETE path. */
    postPerSecond: z.number().positive(),
    /** createWallets, fee estimates and signing, per path. */
    fastPostPerSecond: z.number().positive(),
    /** All GETs of the account together. */
    getPerSecond: z.number().positive(),
    /** A bucket holds this many seconds' worth of tokens. */
    burstSeconds: z.number().positive(),
    /** How a 429 looks: Circle publishes neither. */
    body: z.enum(["json", "none"]),
    retryAfterSeconds: z.number().positive().nullable(),
  }),
  idempotency: z.strictObject({
    /** The same key with another body: the original answer, or 156020. */
    differentBody: z.enum(["original", "refuse"]),
    /** Null: for ever. */
    lifetimeMs: z.number().positive().nullable(),
  }),
  queue: z.strictObject({
    /** Transactions of one wallet that are not terminal; one more is refused with 155264. */
    perWallet: count.min(1),
  }),
  fees: z.strictObject({
    /** Added to the chain's gas estimate. */
    gasMarginPercent: count,
    /** The most that maxFee x gasLimit may come to, in native token; null: no cap. */
    maxFeeNative: z.string().nullable(),
  }),
  /** SENT but not mined for this long becomes STUCK. */
  stuckAfterMs: z.number().positive(),
  /** A transfer to one of these, besides the token itself, ends DENIED. */
  denylist: z.array(z.string()),
  webhooks: z.strictObject({
    /** Waits before the second, third … try of a notification that was not answered with 200. */
    retryDelaysMs: z.array(count).max(20),
    timeoutMs: z.number().positive(),
  }),
});

export type Settings = z.infer<typeof settingsSchema>;

/** A change to some settings: groups are merged, arrays and plain values are replaced. */
export type SettingsPatch = {
  readonly [K in keyof Settings]?: Settings[K] extends unknown[] | number
    ? Settings[K]
    : Partial<Settings[K]>;
};

/**
 * Latencies and rates are those of the published limits and of the project's own yardstick (500 to 1,500 ms to SENT);
 * 16 queued transactions is what Circle states for Polygon, as nothing is published for Arc.
 */
export function defaultSettings(): Settings {
  return {
    latency: {
      sentMs: { min: 500, max: 1500 },
      answerMs: { min: 10, max: 40 },
      completeMs: { min: 50, max: 250 },
    },
    rate: {
      enabled: true,
      postPerSecond: 5,
      fastPostPerSecond: 10,
      getPerSecond: 20,
      burstSeconds: 1,
      body: "json",
      retryAfterSeconds: null,
    },
    idempotency: { differentBody: "original", lifetimeMs: null },
    queue: { perWallet: 16 },
    fees: { gasMarginPercent: 20, maxFeeNative: "1" },
    stuckAfterMs: 60_000,
    denylist: [],
    webhooks: { retryDelaysMs: [250, 1000, 4000], timeoutMs: 2000 },
  };
}

/** Applies a change in place, so that everything that holds the settings sees it; throws a ZodError and changes nothing on nonsense. */
export function patchSettings(settings: Settings, patch: unknown): Settings {
  const change = z.record(z.string(), z.unknown()).parse(patch);
  const merged: Record<string, unknown> = { ...settings };
  for (const [key, value] of Object.entries(change)) {
    const current = merged[key];
    merged[key] = isGroup(current) && isGroup(value) ? { ...current, ...value } : value;
  }
  return Object.assign(settings, settingsSchema.parse(merged));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
