import { Resolver } from "node:dns/promises";

/** The addresses of a name, IPv4 first; rejects where there are none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

const ANSWER_TIMEOUT_MS = 1_500;
const TRIES = 2;

/**
 * Asks DNS itself, over sockets of its own. Node's usual `lookup` takes one of four threads of the whole process for as
 * long as somebody's name server keeps silent: five silent ones, and Kafka, Circle and the chain are looked up no more.
 */
export function createHostResolver(): ResolveHost {
  const resolver = new Resolver({ timeout: ANSWER_TIMEOUT_MS, tries: TRIES });
  return async (host) => {
    const [four, six] = await Promise.allSettled([
      resolver.resolve4(host),
      resolver.resolve6(host),
    ]);
    if (four.status === "rejected" && six.status === "rejected") throw four.reason;
    return [four, six].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  };
}
