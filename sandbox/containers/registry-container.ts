import { onFreePort } from "../process/free-port.ts";
import { registryAnswers, registrySettings, registryUrl } from "../registry/registry-settings.ts";
import type { Registry } from "../registry/start-registry.ts";
import { imageOf } from "./images.ts";
import { runContainer } from "./run-container.ts";

/** Apicurio from its official image; like the one on this machine it keeps what is registered over a restart. */
export async function startRegistryContainer(options: {
  readonly signal?: AbortSignal;
}): Promise<Registry> {
  return onFreePort(async (hostPort) => {
    const url = registryUrl(hostPort);
    const server = await runContainer({
      name: "registry",
      image: imageOf("registry"),
      env: registrySettings("/tmp/registry"),
      port: 8080,
      hostPort,
      answers: () => registryAnswers(url),
      ...(options.signal && { signal: options.signal }),
    });
    return { url, server, stop: () => server.remove() };
  });
}
