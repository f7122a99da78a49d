import { expect, test } from "vitest";
import { circleControl } from "../../../sandbox/circle/control-client.ts";
import { allCompleted, createAuditedWorld } from "../../e2e/audited-world.ts";
import { runLogged } from "../../e2e/shared-world.ts";
import { sandboxAddresses } from "../../e2e/sandbox-client.ts";
import { API } from "./kafka-messages.ts";
import { openBoxes } from "./open-boxes.ts";

const TASKS = 20;

test("a service that sees every part through its box pays as one without, and nothing of it goes past them", async () => {
  const { postgresUrl, brokers, chain, circle } = await sandboxAddresses();
  await using boxes = await openBoxes({
    postgres: { url: postgresUrl, port: Number(new URL(postgresUrl).port) },
    kafka: { brokers: [...brokers] },
    chain,
    circle: { control: circleControl(circle.controlUrl) },
  });
  const asked = boxes.chain.rule({ methods: "all", act: { kind: "pass" }, times: "always" });
  await using running = new AsyncDisposableStack();
  const audited = await createAuditedWorld({ rail: "arc" }, async ({ settings }) => {
    const boxed = { ...settings, ...boxes.settings(settings) };
    await running.use(runLogged(boxed, "boxed")).ready;
  });
  running.use(audited);
  const commits = boxes.postgres.strikeCommits({
    at: "answered",
    said: /INSERT INTO inbox/,
    times: 1,
  });
  await audited.traffic.publish(TASKS, 50);
  await audited.untilEnded(TASKS);
  expect(await audited.settleAccounts()).toMatchObject(allCompleted(TASKS));
  expect(commits.struck()).toBe(1);
  expect(boxes.kafka.requestsSeen(API.produce)).toBeGreaterThan(0);
  expect(asked.struck()).toBeGreaterThan(TASKS / 10);
});
