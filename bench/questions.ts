import type { Question } from "./question.ts";
import { api } from "./questions/api.ts";
import { latency } from "./questions/latency.ts";
import { peers } from "./questions/peers.ts";
import { throughput } from "./questions/throughput.ts";

/** All that `npm run bench -- NAME` can answer. */
export const QUESTIONS: readonly Question[] = [latency, throughput, peers, api];

export function questionNamed(name: string): Question | undefined {
  return QUESTIONS.find((question) => question.name === name);
}
