import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { insertPlatform, insertWorker } from "../../support/seed.ts";
import { tapPostgres } from "../../support/tap-postgres.ts";
import { connectPlatforms } from "../platform-events.ts";
import { createWorld } from "../shared-world.ts";
import { taskDone } from "../whole-line.ts";
import type { World } from "../world.ts";
import { countWork, type Work } from "./count-work.ts";
import { serveHere } from "./serve-here.ts";
import { tapRequests } from "./tap-requests.ts";
import { WORK_LIMITS } from "./work-limits.ts";

const PAYMENTS = 200;
const WORKERS = 20;
/** The platforms' own requests to Kafka are not the service's. */
const CLIENT_ID = "counted";

const countRow = z.object({ published_by_now: z.number() });

function published({ pool }: World): Promise<number> {
  return pool.oneFirst(sql.type(countRow)`
    SELECT count(*)::int AS published_by_now FROM outbox WHERE published_at IS NOT NULL`);
}

/** 200 events in one request of a producer, to a service that has paid one before. */
async function payAtOnce(world: World): Promise<Work> {
  using requests = tapRequests(world.parts.chain.rpcUrl, CLIENT_ID);
  using postgres = tapPostgres();
  await using service = serveHere(world.settings);
  await service.ready;
  await using platforms = await connectPlatforms(world);
  const task = (index: number) =>
    taskDone({ platformId: "acme", taskId: `t${index}`, workerId: `worker-${index % WORKERS}` });
  await platforms.publish(task(0));
  await expect.poll(() => published(world), { timeout: 60_000 }).toBe(1);
  const { length: statements } = postgres.statements;
  const [{ length: kafka }, { length: chain }] = [requests.kafka, requests.chain];
  await platforms.publish(...Array.from({ length: PAYMENTS }, (_, index) => task(index + 1)));
  await expect.poll(() => published(world), { timeout: 60_000 }).toBe(1 + PAYMENTS);
  return countWork({
    statements: postgres.statements.slice(statements),
    kafka: requests.kafka.slice(kafka),
    chain: requests.chain.slice(chain),
    payments: PAYMENTS,
  });
}

test("200 payments at once cost as many round trips and requests as their batches do, and none for each payment", async () => {
  await using world = await createWorld({ rail: "arc", settings: { KAFKA_CLIENT_ID: CLIENT_ID } });
  const walletAddress = world.treasuries[0]?.address.toLowerCase() ?? "";
  await insertPlatform(world.pool, { id: "acme", taskSource: "event", walletAddress });
  for (let index = 0; index < WORKERS; index += 1) {
    await insertWorker(world.pool, { id: `worker-${index}` });
  }
  const work = await payAtOnce(world);
  process.stdout.write(`counted work: ${JSON.stringify(work)}\n`);
  const above = Object.entries(work).filter(
    ([name, count]) => !(count <= WORK_LIMITS[name as keyof Work]),
  );
  expect(above).toEqual([]);
});
