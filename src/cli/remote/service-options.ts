import { InvalidArgumentError, type Command } from "commander";

/** Which service is asked, and by whom. */
export interface ServiceOptions {
  readonly url?: string;
  readonly apiKeyFile?: string;
}

/** Adds `--url` and `--api-key-file`. */
export function asksService(command: Command): Command {
  return command
    .option(
      "--url <url>",
      "the service's address (default: GIGPAY_URL, else this machine)",
      baseUrl,
    )
    .option("--api-key-file <path>", "a file with the key (default: GIGPAY_API_KEY[_FILE])");
}

function baseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return value;
  throw new InvalidArgumentError("Give a URL, such as https://pay.example.org.");
}
