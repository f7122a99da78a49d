import { startService, type Service } from "../../sandbox/demo/service.ts";
import type { SandboxWorld } from "./start-sandbox-world.ts";

/** Starts so many more instances of a world's service beside its own; all of them end with the stack. */
export async function startInstances(
  { settings }: Pick<SandboxWorld, "settings">,
  count: number,
): Promise<AsyncDisposable & { readonly all: readonly Service[] }> {
  await using starting = new AsyncDisposableStack();
  const names = Array.from({ length: count }, (_, index) => `bench-${index + 2}`);
  const started = await Promise.allSettled(
    names.map((instance) => startService(settings, { instance })),
  );
  for (const each of started) {
    if (each.status === "fulfilled") starting.defer(() => each.value.stop());
  }
  const all = started.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
  const running = starting.move();
  return { all, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
