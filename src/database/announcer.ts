import type { Client } from "pg";

/** Coalesces a burst into one NOTIFY: each takes a lock on the whole cluster when it commits. */
const DEBOUNCE_MS = 5;

export interface Announcer {
  announce(channel: string): void;
  /** The connection to announce over; without one, announcements wait (each channel at most once). */
  use(client: Client | undefined): void;
}

/** NOTIFYs, debounced, one in flight. */
export function createAnnouncer(): Announcer {
  const waiting = new Set<string>();
  let connected: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sending = false;

  return {
    announce(channel) {
      waiting.add(channel);
      schedule();
    },
    use(client) {
      connected = client;
      schedule();
    },
  };

  function schedule(): void {
    if (sending || !connected || waiting.size === 0) return;
    timer ??= setTimeout(() => void send(), DEBOUNCE_MS);
  }

  async function send(): Promise<void> {
    timer = undefined;
    if (!connected) return;
    const channels = [...waiting];
    waiting.clear();
    sending = true;
    // A lost call is made good by the other instances' polls; whoever owns the connection notices that it is lost.
    await connected
      .query("SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel", [channels])
      .catch(() => undefined);
    sending = false;
    schedule();
  }
}
