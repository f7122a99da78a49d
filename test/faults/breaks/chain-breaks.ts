import type { Break } from "./break.ts";

const CONTRACT = "contracts/PayOnce.sol";
const slots = { kind: "test", file: "test/contracts/pay-once.model.int.test.ts" } as const;

/** Of what the chain promises, and of how it is read. */
export const CHAIN_BREAKS: readonly Break[] = [
  {
    name: "PayOnce forgets what it paid",
    danger: "a late duplicate pays twice",
    compiles: true,
    edits: [
      {
        file: CONTRACT,
        find: "slots[id] = Slot(true, slot.floor);",
        replace: "slots[id] = Slot(false, slot.floor);",
      },
    ],
    checks: [slots],
  },
  {
    name: "PayOnce does not look at the floor",
    danger: "a payment that was said to have failed is paid by a late duplicate",
    compiles: true,
    edits: [
      {
        file: CONTRACT,
        find: "closed = slot.paid || generation < slot.floor;",
        replace: "closed = slot.paid;",
      },
    ],
    checks: [slots],
  },
  {
    name: "logs of any contract count",
    danger: "a stranger's Voided fails a payment that is then paid",
    edits: [
      {
        file: "src/arc/read-block-logs.ts",
        find: "params: [{ blockHash: hash, address: payOnce }]",
        replace: "params: [{ blockHash: hash }]",
      },
      {
        file: "src/arc/read-block-logs.ts",
        find: "log.blockHash !== hash || log.address.toLowerCase() !== payOnce || log.removed === true;",
        replace: "log.blockHash !== hash || log.removed === true;",
      },
      {
        file: "src/arc/read-logs.ts",
        find: "if (log.address.toLowerCase() !== payOnce) {",
        replace: "if (log.topics.length === 0) {",
      },
    ],
    checks: [
      { kind: "test", file: "test/arc/read-logs.unit.test.ts" },
      { kind: "test", file: "test/arc/chain-reader.int.test.ts" },
    ],
  },
  {
    name: "a count of nonces is believed at once",
    danger: "a send that is being mined is taken for one that moved nothing",
    edits: [
      {
        file: "src/follow/end-dead-sends.ts",
        find: "if (suspects.has(send.transactionId)) await endSend",
        replace: "await endSend",
      },
    ],
    checks: [{ kind: "test", file: "test/follow/end-dead-sends.unit.test.ts" }],
  },
];
