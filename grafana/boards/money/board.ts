import type { BoardSpec } from "../panel.ts";
import { truth } from "./truth.ts";
import { treasuries, value } from "./value.ts";
import { wallets } from "./wallets.ts";

export const moneyBoard: BoardSpec = {
  uid: "payments-money",
  title: "Payments: the money",
  description:
    "What was paid, who can still pay, and do ledger and chain agree? In whole units, for finance as well.",
  from: "now-6h",
  hasStages: false,
  rows: [value, treasuries, wallets, truth],
};
