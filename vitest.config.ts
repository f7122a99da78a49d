import { defineConfig } from "vitest/config";

const project = (name: string, testTimeoutMs: number, maxWorkers: number) => ({
  test: {
    name,
    include: [`test/**/*.${name}.test.ts`],
    environment: "node" as const,
    pool: "forks" as const,
    maxWorkers,
    testTimeout: testTimeoutMs,
    hookTimeout: 120_000,
    sequence: { groupOrder: ["unit", "int", "e2e"].indexOf(name) },
  },
});

/** unit: needs nothing. int: one real part. e2e: the whole line, one file at a time (it fills two cores). */
export default defineConfig({
  test: {
    projects: [project("unit", 20_000, 2), project("int", 60_000, 2), project("e2e", 120_000, 1)],
  },
});
