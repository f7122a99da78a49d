import { ACCEPTANCE_BREAKS } from "./acceptance-breaks.ts";
import type { Break } from "./break.ts";
import { CHAIN_BREAKS } from "./chain-breaks.ts";
import { DISPATCH_BREAKS } from "./dispatch-breaks.ts";
import { SETTLEMENT_BREAKS } from "./settlement-breaks.ts";

export const ALL_BREAKS: readonly Break[] = [
  ...CHAIN_BREAKS,
  ...ACCEPTANCE_BREAKS,
  ...DISPATCH_BREAKS,
  ...SETTLEMENT_BREAKS,
];
