import { readFileSync } from "node:fs";
import { createClient, type Client } from "../../client/create-client.ts";
import { ApiProblem, NoAnswer } from "../../client/problem.ts";
import { loadClientConfig } from "../../config.ts";
import { PaymentError } from "../../errors.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Output } from "../output.ts";
import { exitCodeOfProblem, problemText } from "./problem-text.ts";
import type { ServiceOptions } from "./service-options.ts";

const DOUBT =
  "It may have been done all the same. Run the same command again: what was done is not done twice.";

/** Runs one command with a client of the service. What the service refuses is told here, and is its exit code. */
export async function withClient(
  output: Output,
  options: ServiceOptions,
  work: (client: Client) => Promise<ExitCode>,
): Promise<ExitCode> {
  const client = createClient(accessOf(options));
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof ApiProblem) {
      if (output.json && error.problem) {
        process.stdout.write(`${JSON.stringify(error.problem)}\n`);
      }
      process.stderr.write(`gigpay: ${problemText(error)}\n`);
      if (error.isInDoubt) process.stderr.write(`gigpay: ${DOUBT}\n`);
      return exitCodeOfProblem(error);
    }
    if (error instanceof NoAnswer) {
      process.stderr.write(`gigpay: ${error.message}\n`);
      if (!error.isInDoubt) return EXIT.unreachable;
      process.stderr.write(`gigpay: ${DOUBT}\n`);
      return EXIT.inDoubt;
    }
    throw error;
  }
}

function accessOf({ url, apiKeyFile }: ServiceOptions): { url: string; apiKey: string } {
  const config = loadClientConfig();
  const apiKey = apiKeyFile === undefined ? config.apiKey : readKey(apiKeyFile);
  if (apiKey === "") {
    throw new PaymentError(
      "CONFIG_INVALID",
      "reject",
      "There is no API key. Give --api-key-file, GIGPAY_API_KEY_FILE or GIGPAY_API_KEY; gigpay keys create mints one.",
    );
  }
  return { url: url ?? config.url, apiKey };
}

function readKey(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    const message = `--api-key-file ${path} cannot be read.`;
    throw new PaymentError("CONFIG_INVALID", "reject", message, { cause });
  }
}
