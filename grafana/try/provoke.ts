import { Kafka, logLevel } from "kafkajs";
import { encodeFunctionData, parseAbi } from "viem";
import { anvilClient, SANDBOX_FEES, transactor } from "../../sandbox/chain/transact.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Directory } from "../../sandbox/traffic/directory.ts";
import type { Traffic } from "../../sandbox/traffic/publish-tasks.ts";

const DUPLICATES = 20;
const setPaused = parseAbi(["function setPaused(bool)"]);

/**
 * What a calm minute would not show: a dead letter, which fires an alert at once, duplicates, and a payment in EURC that is refused,
 * tried again, closed on chain and failed.
 */
export async function provoke(
  sandbox: Sandbox,
  traffic: Traffic,
  { topic, directory }: { readonly topic: string; readonly directory: Directory },
): Promise<void> {
  await pauseEurc(sandbox);
  await traffic.publishThese([refusedTask(directory)]);
  await publishDeadLetter(sandbox.kafka.brokers, topic);
  await traffic.publishAgain(DUPLICATES);
}

function refusedTask({ platforms, workers }: Directory) {
  const [platform] = platforms;
  const [worker] = workers;
  if (!platform || !worker) throw new Error("the directory is empty");
  const amount = 5_000_000n;
  return {
    eventId: "in-eurc-is-done",
    taskId: "in-eurc",
    workerId: worker.id,
    platformId: platform.id,
    wallet: worker.wallet,
    payer: platform.payer,
    currency: "EURC",
    amount,
    netAmount: amount,
    occurredAtMs: Date.now(),
    expected: "failed",
  } as const;
}

async function publishDeadLetter(brokers: readonly string[], topic: string): Promise<void> {
  const kafka = new Kafka({
    clientId: "careless",
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic, messages: [{ key: "x", value: Buffer.from("no Avro at all") }] });
  await producer.disconnect();
}

/** A paused token refuses every transfer. */
async function pauseEurc({ chain }: Sandbox): Promise<void> {
  const transact = transactor(chain.rpcUrl, anvilClient(chain.rpcUrl), true);
  const data = encodeFunctionData({ abi: setPaused, args: [true] });
  await transact(chain.admin.privateKey, (wallet) =>
    wallet.sendTransaction({ to: chain.tokens.EURC, data, ...SANDBOX_FEES }),
  );
}
