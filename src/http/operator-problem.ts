import { PaymentError } from "../errors.ts";
import type { OperatorAnswer } from "../operating/operator-answer.ts";
import { HttpProblem } from "./problems.ts";

type Refused = Extract<OperatorAnswer, { kind: "refused" }>;

/** Why an operator's wish was refused, with where the payment stands and what was looked at. */
export function operatorProblem({ problem }: Refused): HttpProblem {
  const { code, detail, ...members } = problem;
  return new HttpProblem(code, detail, { members });
}

/** Runs what opens a generation anew, which nobody may while a restored backup is not confirmed. */
export async function unlessRestoring<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PaymentError) || error.code !== "OPERATION_REFUSED") throw error;
    throw new HttpProblem("restore_unconfirmed", error.message, { cause: error });
  }
}
