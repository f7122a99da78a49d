import { expect, test } from "vitest";
import { createMetrics } from "../src/metrics.ts";

const look = { mismatches: {}, checkedRows: 3, durationSeconds: 0.5, finishedAt: new Date(5_000) };

test("every kind of mismatch is there as 0 before it was ever met, and 0 again once it is mended", async () => {
  const metrics = createMetrics(["paid_twice", "log_differs"]);
  const lines = async () => (await metrics.render()).text.split("\n");
  expect(await lines()).toContain('payments_reconciliation_mismatches{kind="paid_twice"} 0');
  metrics.reconciliation.looked({ ...look, mismatches: { paid_twice: 2 } });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'payments_reconciliation_mismatches{kind="paid_twice"} 2',
      'payments_reconciliation_mismatches{kind="log_differs"} 0',
      "payments_reconciliation_last_success_timestamp_seconds 5",
      "payments_reconciliation_duration_seconds 0.5",
      "payments_reconciliation_checked_rows_total 3",
      "payments_reconciliation_failures_total 0",
    ]),
  );
  metrics.reconciliation.looked(look);
  metrics.reconciliation.failed();
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'payments_reconciliation_mismatches{kind="paid_twice"} 0',
      "payments_reconciliation_checked_rows_total 6",
      "payments_reconciliation_failures_total 1",
    ]),
  );
});

test("a number that is none costs the metric and never its caller", () => {
  const { reconciliation } = createMetrics([]);
  expect(() => reconciliation.looked({ ...look, checkedRows: Number.NaN })).not.toThrow();
  expect(() => reconciliation.looked({ ...look, checkedRows: -1 })).not.toThrow();
});
