import { GenericContainer } from "testcontainers";

/** A container whose ports are open to this machine alone: what runs in the sandbox asks for no password. */
export class LocalContainer extends GenericContainer {
  protected override async beforeContainerCreated(): Promise<void> {
    const bindings = this.hostConfig.PortBindings as Record<string, { HostPort: string }[]>;
    for (const [port, hosts] of Object.entries(bindings)) {
      bindings[port] = hosts.map((host) => ({ ...host, HostIp: "127.0.0.1" }));
    }
  }
}
