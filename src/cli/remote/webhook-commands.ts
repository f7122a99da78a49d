import { InvalidArgumentError, type Command } from "commander";
import type { WebhookDelivery, WebhookEndpointIn } from "../../client/api.ts";
import { DELIVERY_STATUSES, WEBHOOK_EVENT_TYPES } from "../../webhooks/event-types.ts";
import { count, uuid } from "../operator-options.ts";
import type { Run } from "../run.ts";
import { LIST_MAX } from "./paying-commands.ts";
import type { ListOptions } from "./print-list.ts";
import { asksService } from "./service-options.ts";
import type { DeliveryListOptions, WebhookAddOptions, WebhookChangeOptions } from "./webhooks.ts";

/** Who is told how payments end. */
export function addWebhookCommands(program: Command, run: Run): void {
  const webhooks = program
    .command("webhooks")
    .description("webhook endpoints and what was delivered to them");
  const list = webhooks
    .command("list")
    .description("endpoints, newest first")
    .option("--limit <n>", "how many at most", count(LIST_MAX), 25);
  asksService(list).action(
    run(async (output, options: ListOptions) =>
      (await import("./webhooks.ts")).endpointListCommand(output, options),
    ),
  );
  addAdd(webhooks, run);
  const test = webhooks
    .command("test")
    .description("send a test event to an endpoint; webhooks deliveries shows what became of it")
    .argument("<id>", "the endpoint's id", uuid);
  asksService(confirmed(test)).action(
    run(async (output, id: string, options: WebhookChangeOptions) =>
      (await import("./webhooks.ts")).endpointTestCommand(output, id, options),
    ),
  );
  addDeliveries(webhooks, run);
}

function addAdd(webhooks: Command, run: Run): void {
  const add = webhooks
    .command("add")
    .description("have a URL told how a platform's payments end")
    .argument("<url>", "https, a public address")
    .option("--platform <id>", "whose payments; needed with a key for all platforms")
    .option("--types <list>", `comma list of ${WEBHOOK_EVENT_TYPES.join(", ")}`, types, [
      ...WEBHOOK_EVENT_TYPES,
    ])
    .addHelpText(
      "after",
      `
The secret alone goes to stdout, this once: the receiver checks signatures with it (Standard Webhooks).
The URL is told again until it answers with 2xx, ten times within two days.`,
    );
  asksService(confirmed(add)).action(
    run(async (output, url: string, options: WebhookAddOptions) =>
      (await import("./webhooks.ts")).endpointAddCommand(output, url, options),
    ),
  );
}

function addDeliveries(webhooks: Command, run: Run): void {
  const deliveries = webhooks
    .command("deliveries")
    .description("what was delivered, newest first, for seven days")
    .option("--endpoint <id>", "only to this endpoint", uuid)
    .option("--status <status>", DELIVERY_STATUSES.join(", "), status)
    .option("--limit <n>", "how many at most", count(LIST_MAX), 25);
  asksService(deliveries).action(
    run(async (output, options: DeliveryListOptions) =>
      (await import("./webhooks.ts")).deliveryListCommand(output, options),
    ),
  );
  const redeliver = webhooks
    .command("redeliver")
    .description("deliver once more, under the same webhook-id, with ten tries more")
    .argument("<id>", "the delivery's id", uuid);
  asksService(confirmed(redeliver)).action(
    run(async (output, id: string, options: WebhookChangeOptions) =>
      (await import("./webhooks.ts")).redeliverCommand(output, id, options),
    ),
  );
}

function confirmed(command: Command): Command {
  return command.option("--yes", "do not ask; needed where nobody can be asked", false);
}

function types(value: string): WebhookEndpointIn["eventTypes"] {
  return value.split(",").map((name) => {
    const known = WEBHOOK_EVENT_TYPES.find((one) => one === name.trim());
    if (known) return known;
    throw new InvalidArgumentError(`Give a comma list of ${WEBHOOK_EVENT_TYPES.join(", ")}.`);
  });
}

function status(value: string): WebhookDelivery["status"] {
  const known = DELIVERY_STATUSES.find((one) => one === value);
  if (known) return known;
  throw new InvalidArgumentError(`Give one of ${DELIVERY_STATUSES.join(", ")}.`);
}
