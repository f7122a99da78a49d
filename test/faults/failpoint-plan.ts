import { z } from "zod";
import { FAILPOINTS } from "../../src/failpoint.ts";

/** The environment's variable that holds the plan; read by nothing but arm-failpoints.ts. */
const PLAN_VARIABLE = "FAULT_TEST_PLAN";

const stepSchema = z.strictObject({
  name: z.enum(FAILPOINTS),
  /** SIGKILL or SIGSTOP to itself, or an ordinary Error. */
  action: z.enum(["kill", "stop", "throw"]),
  /** From which hit on; the first is 1. */
  hit: z.int().min(1).default(1),
  /** At that hit only, or at every one from then on. */
  times: z.enum(["once", "always"]).default("once"),
  /** Waits at the place first: by then the bytes of a request have left. */
  afterMs: z.int().min(0).default(0),
});

const planSchema = z.array(stepSchema);

export type PlanStep = z.infer<typeof stepSchema>;
export type PlanInput = z.input<typeof planSchema>;

/** As the environment of `gigpay` takes it. */
export function writePlan(plan: PlanInput): Record<string, string> {
  return { [PLAN_VARIABLE]: JSON.stringify(plan) };
}

export function readPlan(environment: Readonly<Record<string, string | undefined>>): PlanStep[] {
  return planSchema.parse(JSON.parse(environment[PLAN_VARIABLE] ?? "[]"));
}

/** What an armed process writes, a line each, the first time that it comes to a place and whenever it acts there. */
const reportSchema = z.object({
  msg: z.literal("failpoint"),
  name: z.enum(FAILPOINTS),
  hit: z.number(),
  /** Absent: it only came by. */
  action: z.enum(["kill", "stop", "throw"]).optional(),
  pid: z.number(),
});

export type FailpointReport = z.infer<typeof reportSchema>;

export function writeReport(report: Omit<FailpointReport, "msg">): string {
  return `${JSON.stringify({ level: 30, msg: "failpoint", ...report })}\n`;
}

/** Undefined: another line of its log. */
export function readReport(line: unknown): FailpointReport | undefined {
  return reportSchema.safeParse(line).data;
}
