import type { Question } from "./question.ts";
import { api } from "./questions/api.ts";
import { history } from "./questions/history.ts";
import { latency } from "./questions/latency.ts";
import { peers } from "./questions/peers.ts";
import { recovery } from "./questions/recovery.ts";
import { scale } from "./questions/scale.ts";
import { soak } from "./questions/soak.ts";
import { throughput } from "./questions/throughput.ts";

/** All that `npm run bench -- NAME` can answer. */
export const QUESTIONS: readonly Question[] = [
  latency,
  throughput,
  peers,
  api,
  recovery,
  history,
  scale,
  soak,
];

export function questionNamed(name: string): Question | undefined {
  return QUESTIONS.find((question) => question.name === name);
}
