import { defineConfig } from "vitest/config";

interface ProjectLimits {
  readonly testTimeoutMs: number;
  readonly maxWorkers: number;
  readonly retry?: number;
  readonly globalSetup?: string;
}

/**
 * Real parts on a shared machine are late at times, and the gate runs once. Whoever needed a second try is named in its
 * log, and is a defect of the test. Tests that judge what was paid say `retry: 0`: there, once is enough to be wrong.
 */
const RETRY = process.env["CI"] === "true" ? 1 : 0;

const project = (name: string, limits: ProjectLimits) => ({
  test: {
    name,
    include: [`test/**/*.${name}.test.ts`],
    environment: "node" as const,
    pool: "forks" as const,
    maxWorkers: limits.maxWorkers,
    testTimeout: limits.testTimeoutMs,
    hookTimeout: 120_000,
    retry: limits.retry ?? 0,
    sequence: { groupOrder: ["unit", "int", "e2e"].indexOf(name) },
    ...(limits.globalSetup !== undefined && { globalSetup: limits.globalSetup }),
  },
});

/**
 * unit: needs nothing. int: one real part. e2e: the whole line in one sandbox for all files, one file at a time (it fills
 * two cores).
 */
export default defineConfig({
  test: {
    projects: [
      project("unit", { testTimeoutMs: 20_000, maxWorkers: 2 }),
      project("int", { testTimeoutMs: 60_000, maxWorkers: 4, retry: RETRY }),
      project("e2e", {
        testTimeoutMs: 120_000,
        maxWorkers: 1,
        retry: RETRY,
        globalSetup: "test/e2e/global-setup.ts",
      }),
    ],
  },
});
