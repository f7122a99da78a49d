/** A rule that is broken, and where. */
export interface Finding {
  readonly rule: string;
  /** The panel's title; absent where the board as a whole is meant. */
  readonly panel?: string;
  readonly message: string;
}
