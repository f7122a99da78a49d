import { defineConfig } from "oxlint";

const STAGES = ["intake", "acceptance", "dispatch", "follow", "settlement", "relay"];

/** Each of these can be replaced, because one folder alone names it. */
const ADAPTERS = {
  kafka: ["kafkajs", "@kafkajs/confluent-schema-registry", "avsc"],
  arc: ["viem", "viem/accounts", "viem/utils", "viem/chains", "viem/actions"],
  circle: ["@circle-fin/developer-controlled-wallets"],
  database: ["pg"],
  tracing: [
    "@opentelemetry/api",
    "@opentelemetry/sdk-trace",
    "@opentelemetry/resources",
    "@opentelemetry/exporter-trace-otlp-proto",
  ],
};

const confinedOutside = (folder: string) =>
  Object.entries(ADAPTERS).flatMap(([owner, names]) =>
    owner === folder
      ? []
      : names.map((name) => ({ name, message: `Only src/${owner}/ names ${name}.` })),
  );

const noSandbox = { group: ["**/sandbox/**"], message: "src/ never leans on the sandbox." };

/** A stage may import payment/, errors.ts, database/ and the ports; never another stage. */
const stageLaw = STAGES.map((stage) => ({
  files: [`src/${stage}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        paths: confinedOutside(stage),
        patterns: [
          noSandbox,
          {
            group: STAGES.filter((other) => other !== stage).map((other) => `**/${other}/**`),
            message: "Stages never import one another; app.ts strings them together.",
          },
        ],
      },
    ] as never,
  },
}));

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc", "promise", "node"],
  options: { typeAware: true, denyWarnings: true },
  categories: { correctness: "error", suspicious: "error" },
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": [
      "error",
      { considerDefaultExhaustiveForUnions: true },
    ],
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/return-await": ["error", "in-try-catch"],
    "typescript/only-throw-error": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-default-export": "error",
    "node/no-process-env": "error",
    "no-console": "error",
    "max-lines": ["error", { max: 250 }],
    "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
    "max-params": ["error", { max: 4 }],
    eqeqeq: "error",
    "prefer-const": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],
    // Bounded retry loops await in turn on purpose.
    "no-await-in-loop": "off",
    // Shadowing is caught where it hurts by the types; short names in nested lambdas read better.
    "no-shadow": "off",
    "import/no-unassigned-import": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/consistent-function-scoping": "off",
    // Provider answers are narrowed by zod before use; the casts left are at typed seams.
    "typescript/no-unsafe-type-assertion": "off",
    "promise/always-return": "off",
    // tsc's noImplicitReturns says the same, and knows that an exhaustive switch returns.
    "typescript/consistent-return": "off",
  },
  overrides: [
    {
      files: ["src/**"],
      rules: {
        "no-restricted-imports": ["error", { paths: confinedOutside(""), patterns: [noSandbox] }],
      },
    },
    ...stageLaw,
    {
      // Whoever calls the API takes the folder as it is: nothing of the service comes with it, nor of Node.
      files: ["src/client/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          { patterns: [{ group: ["../**", "node:*"], message: "src/client/ stands alone." }] },
        ],
      },
    },
    {
      files: ["src/client/example.ts"],
      rules: { "no-console": "off", "node/no-process-env": "off" },
    },
    ...Object.keys(ADAPTERS).map((folder) => ({
      files: [`src/${folder}/**`],
      rules: {
        "no-restricted-imports": [
          "error",
          { paths: confinedOutside(folder), patterns: [noSandbox] },
        ] as never,
      },
    })),
    {
      files: [
        "src/config.ts",
        "sandbox/**",
        "bench/**",
        "test/**",
        "contracts/**",
        "scripts/**",
        "*.config.ts",
      ],
      rules: { "node/no-process-env": "off" },
    },
    { files: ["*.config.ts"], rules: { "import/no-default-export": "off" } },
    { files: ["test/**"], rules: { "max-lines-per-function": "off", "max-lines": "off" } },
    {
      files: ["src/cli/**", "sandbox/**", "bench/**", "contracts/**", "grafana/**", "scripts/**"],
      rules: { "no-console": "off" },
    },
  ],
});
