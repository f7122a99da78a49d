/** The largest record that a topic takes unless the topic says otherwise. */
const RECORD_BYTES_MAX = 6 * 1024 * 1024;

export interface Listeners {
  /** Where the broker and the controller listen, as host:port. */
  readonly broker: string;
  readonly controller: string;
  /** The address that clients are told to use. */
  readonly advertised: string;
}

/** The configuration of one node that is broker and controller at once. */
export function brokerSettings(
  { broker, controller, advertised }: Listeners,
  storage: string,
): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@${controller}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
    "advertised.listeners": `PLAINTEXT://${advertised}`,
    "log.dirs": storage,
    "auto.create.topics.enable": "false",
    "message.max.bytes": String(RECORD_BYTES_MAX),
    // The first member of a group need not wait three seconds for a second one.
    "group.initial.rebalance.delay.ms": "0",
    // A broker killed -9 may register again only when its last session is over: nine seconds by default. Shorter than
    // five, and a busy machine would fence a broker that lives.
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "500",
    // A killed consumer's session may be as short as the service asks for.
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    // 128 MB by default, a third of this broker's heap.
    "log.cleaner.dedupe.buffer.size": String(8 * 1024 * 1024),
  };
}

/** The same as a server.properties file, for a broker on two ports of this machine. */
export function serverProperties(
  ports: { readonly broker: number; readonly controller: number },
  storage: string,
): string {
  const broker = `127.0.0.1:${ports.broker}`;
  const controller = `127.0.0.1:${ports.controller}`;
  return Object.entries(brokerSettings({ broker, controller, advertised: broker }, storage))
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
