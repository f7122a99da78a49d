import type { Verdict } from "../../sandbox/audit/audit.ts";
import type { Audit } from "../question.ts";

/** What of an auditor's verdict is stored with a run. */
export function auditOf({ published, completed, failed, review, ...verdict }: Verdict): Audit {
  const { paidTwice, lost, contradicting, failedButPaid } = verdict;
  const wrongs = { paidTwice, lost, contradicting, failedButPaid };
  return { published, completed, failed, open: review, ...wrongs };
}
