import type { WebhookDelivery, WebhookEndpoint, WebhookEndpointIn } from "../../client/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { confirmChange } from "../operator-options.ts";
import { printDocument, type Output } from "../output.ts";
import { printList, type ListOptions } from "./print-list.ts";
import type { ServiceOptions } from "./service-options.ts";
import { withClient } from "./with-client.ts";

export interface WebhookAddOptions extends ServiceOptions {
  readonly platform?: string;
  readonly types: WebhookEndpointIn["eventTypes"];
  readonly yes: boolean;
}

export interface WebhookChangeOptions extends ServiceOptions {
  readonly yes: boolean;
}

export interface DeliveryListOptions extends ListOptions {
  readonly endpoint?: string;
  readonly status?: WebhookDelivery["status"];
}

/** Newest first. */
export async function endpointListCommand(output: Output, options: ListOptions): Promise<ExitCode> {
  return withClient(output, options, async (client) => {
    const pages = (limit: number) => client.each("listWebhookEndpoints", { query: { limit } });
    const none = "no webhook endpoints";
    return printList(output, options, { pages, line: endpointLine, none });
  });
}

/** Without --json the secret alone is on stdout: it is shown this once. */
export async function endpointAddCommand(
  output: Output,
  url: string,
  options: WebhookAddOptions,
): Promise<ExitCode> {
  const { platform: platformId, types: eventTypes } = options;
  await confirmChange(options, `Tell ${url} of ${eventTypes.join(" and ")}`);
  return withClient(output, options, async (client) => {
    const body = { url, eventTypes, platformId };
    const { body: endpoint } = await client.call("createWebhookEndpoint", { body });
    process.stderr.write(`${endpointLine(endpoint)}\nIts secret is shown this once:\n`);
    printDocument(output, endpoint, () => endpoint.secret);
    return EXIT.done;
  });
}

/** Sends an event of the type `test`; what becomes of it shows in the deliveries. */
export async function endpointTestCommand(
  output: Output,
  id: string,
  options: WebhookChangeOptions,
): Promise<ExitCode> {
  await confirmChange(options, `Send a test to webhook endpoint ${id}`);
  return withClient(output, options, async (client) => {
    const { body: delivery } = await client.call("testWebhookEndpoint", { path: { id } });
    printDocument(output, delivery, () => deliveryLine(delivery));
    return EXIT.done;
  });
}

/** Newest first, for seven days. */
export async function deliveryListCommand(
  output: Output,
  options: DeliveryListOptions,
): Promise<ExitCode> {
  const { endpoint: endpointId, status } = options;
  return withClient(output, options, async (client) => {
    const pages = (limit: number) =>
      client.each("listWebhookDeliveries", { query: { endpointId, status, limit } });
    return printList(output, options, { pages, line: deliveryLine, none: "no deliveries" });
  });
}

/** The same bytes under the same webhook-id once more, with ten tries more. */
export async function redeliverCommand(
  output: Output,
  id: string,
  options: WebhookChangeOptions,
): Promise<ExitCode> {
  await confirmChange(options, `Deliver ${id} again`);
  return withClient(output, options, async (client) => {
    const { body: delivery } = await client.call("redeliverWebhook", { path: { id } });
    printDocument(output, delivery, () => deliveryLine(delivery));
    return EXIT.done;
  });
}

function endpointLine(endpoint: WebhookEndpoint): string {
  const { id, platformId, url, eventTypes, disabled, failingSince } = endpoint;
  const state = disabled
    ? `disabled since ${disabled.since} (${disabled.reason})`
    : failingSince === null
      ? "fine"
      : `failing since ${failingSince}`;
  return `${id}  ${platformId}  ${url}  ${eventTypes.join(",")}  ${state}`;
}

function deliveryLine(delivery: WebhookDelivery): string {
  const { id, createdAt, eventType, status, attempts, lastOutcome, lastStatusCode } = delivery;
  const last =
    lastOutcome === null ? "" : `, last ${lastOutcome} ${lastStatusCode ?? ""}`.trimEnd();
  return `${id}  ${createdAt}  ${eventType.padEnd(17)}  ${status.padEnd(9)}  ${attempts} tries${last}`;
}
