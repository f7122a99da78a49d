import { sql } from "slonik";
import { expect, test } from "vitest";
import { z } from "zod";
import { insertPlatform, insertWorker } from "../../support/seed.ts";
import { tapPostgres } from "../../support/tap-postgres.ts";
import { tapSockets } from "../../support/tap-sockets.ts";
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

/** Where the clients find Kafka and the chain's node. */
function portsOf({ parts }: World): { readonly kafka: number; readonly chain: number } {
  return {
    kafka: Number(parts.brokers[0]?.split(":").at(-1)),
    chain: Number(new URL(parts.chain.rpcUrl).port),
  };
}

/** 200 events in one request of a producer, to a service that has paid one before. */
async function payAtOnce(world: World): Promise<Work> {
  const { rpcUrl } = world.parts.chain;
  const circleUrl = world.parts.circle.baseUrl;
  using requests = tapRequests({ rpcUrl, circleUrl, clientId: CLIENT_ID });
  using sockets = tapSockets();
  using postgres = tapPostgres();
  await using service = serveHere(world.settings);
  await service.ready;
  // The platforms' bytes are not the service's.
  await using platforms = await sockets.without(() => connectPlatforms(world));
  const task = (index: number) =>
    taskDone({ platformId: "acme", taskId: `t${index}`, workerId: `worker-${index % WORKERS}` });
  await platforms.publish(task(0));
  await expect.poll(() => published(world), { timeout: 60_000 }).toBe(1);
  const ports = portsOf(world);
  const { length: statements } = postgres.statements;
  const { kafka, chain, circle } = requests;
  const before = [kafka.length, chain.length, circle.length] as const;
  const bytesBefore = [sockets.bytesAt(ports.kafka), sockets.bytesAt(ports.chain)] as const;
  await platforms.publish(...Array.from({ length: PAYMENTS }, (_, index) => task(index + 1)));
  await expect.poll(() => published(world), { timeout: 60_000 }).toBe(1 + PAYMENTS);
  return countWork({
    statements: postgres.statements.slice(statements),
    kafka: kafka.slice(before[0]),
    chain: chain.slice(before[1]),
    circle: circle.slice(before[2]),
    kafkaBytes: sockets.bytesAt(ports.kafka) - bytesBefore[0],
    chainBytes: sockets.bytesAt(ports.chain) - bytesBefore[1],
    payments: PAYMENTS,
  });
}

test.for(["arc", "circle"] as const)(
  "200 payments at once on %s cost as many round trips, requests and bytes as their batches do, and none for each payment",
  async (rail) => {
    await using world = await createWorld({ rail, settings: { KAFKA_CLIENT_ID: CLIENT_ID } });
    const walletAddress = world.treasuries[0]?.address.toLowerCase() ?? "";
    await insertPlatform(world.pool, { id: "acme", taskSource: "event", walletAddress });
    for (let index = 0; index < WORKERS; index += 1) {
      await insertWorker(world.pool, { id: `worker-${index}` });
    }
    const work = await payAtOnce(world);
    process.stdout.write(`counted work on ${rail}: ${JSON.stringify(work)}\n`);
    const above = Object.entries(work).filter(
      ([name, count]) => !(count <= WORK_LIMITS[rail][name as keyof Work]),
    );
    expect(above).toEqual([]);
  },
);
