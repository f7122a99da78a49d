import { defineConfig } from "vitest/config";

interface ProjectLimits {
  readonly testTimeoutMs: number;
  readonly maxWorkers: number;
  readonly globalSetup?: string;
}

const project = (name: string, { testTimeoutMs, maxWorkers, globalSetup }: ProjectLimits) => ({
  test: {
    name,
    include: [`test/**/*.${name}.test.ts`],
    environment: "node" as const,
    pool: "forks" as const,
    maxWorkers,
    testTimeout: testTimeoutMs,
    hookTimeout: 120_000,
    sequence: { groupOrder: ["unit", "int", "e2e"].indexOf(name) },
    ...(globalSetup !== undefined && { globalSetup }),
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
      project("int", { testTimeoutMs: 60_000, maxWorkers: 3 }),
      project("e2e", {
        testTimeoutMs: 120_000,
        maxWorkers: 1,
        globalSetup: "test/e2e/global-setup.ts",
      }),
    ],
  },
});
