import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import {
  chromium as playwright,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from "playwright-core";
import { makeOnce } from "../../sandbox/process/make-once.ts";

/** As root it has no sandbox; everything it would ask of the world by itself is off. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--no-pings",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
];

/** Starts the Chromium that npm brings, unpacked once. */
export async function launchBrowser(): Promise<Browser> {
  // Two test files at once must not unpack over one another.
  await makeOnce(join(tmpdir(), "chromium-unpacked"), async (partial) => {
    await chromium.executablePath();
    await writeFile(partial, "");
  });
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ARGUMENTS,
  });
}

/** A page with all that must not happen on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of its console, exceptions, and breaches of its content security policy. */
  readonly complaints: readonly string[];
  /** The hosts that it asked for anything, itself included. */
  readonly hosts: ReadonlySet<string>;
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  return { page, complaints, hosts };
}
