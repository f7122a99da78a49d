import { furnish, type World, type WorldOptions } from "./furnish.ts";
import { serviceSettings, type Method, type Rail } from "./service-settings.ts";
import { startParts, type Parts, type PartsOptions } from "./start-parts.ts";

export interface SandboxOptions extends PartsOptions, WorldOptions {}

/** The world outside the service, on this machine and free of charge. */
export interface Sandbox extends Parts, World, AsyncDisposable {
  /** The environment that `gigpay serve` needs to run here. */
  settings(rail: Rail, method?: Method): Record<string, string>;
  /** Ends all parts, the last one first, and removes what they wrote. */
  stop(): Promise<void>;
}

/**
 * Starts every part at once, each on a free port of 127.0.0.1 with a temporary directory of its own, and resolves
 * when a service could start. If one fails the others are stopped, and its error says why. Several sandboxes run
 * side by side; none outlives the process that started it.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const running = new AsyncDisposableStack();
  try {
    const parts = await startParts(options, running);
    const world = await furnish(parts, options);
    const stop = () => running.disposeAsync();
    return {
      ...parts,
      ...world,
      settings: (rail, method) => serviceSettings({ ...parts, ...world }, rail, method),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}
