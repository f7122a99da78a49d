/** The largest record that a topic takes unless the topic says otherwise. */
const RECORD_BYTES_MAX = 6 * 1024 * 1024;

/** The configuration of one node that is broker and controller at once. */
export function serverProperties(
  ports: { readonly broker: number; readonly controller: number },
  storage: string,
): string {
  const settings: Record<string, string | number> = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${ports.broker},CONTROLLER://127.0.0.1:${ports.controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${ports.broker}`,
    "log.dirs": storage,
    "auto.create.topics.enable": "false",
    "message.max.bytes": RECORD_BYTES_MAX,
    // The first member of a group need not wait three seconds for a second one.
    "group.initial.rebalance.delay.ms": 0,
    // A broker killed -9 may register again only when its last session is over: nine seconds by default.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    // A killed consumer's session may be as short as the service asks for.
    "group.min.session.timeout.ms": 1000,
    "offsets.topic.num.partitions": 4,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    // 128 MB by default, a third of this broker's heap.
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
