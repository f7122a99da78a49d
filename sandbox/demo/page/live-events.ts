import type { ServerResponse } from "node:http";

const FRAMES_PER_SECOND = 10;
const CLIENTS_MAX = 16;
/** A page that is so far behind is cut off; it connects again, and the next frame is all it needs. */
const UNREAD_MAX_BYTES = 1024 * 1024;
const RECONNECT_MS = 1_000;

export interface LiveEvents {
  /** Sends frames to this client until either side ends; false where there is no room for it. */
  join(response: ServerResponse): boolean;
  /** Sends everybody a last frame and lets them go. */
  end(): void;
}

/** Server-sent events: the same frame to everyone, ten times a second, and none made while nobody looks. */
export function createLiveEvents(frame: () => unknown): LiveEvents {
  const clients = new Set<ServerResponse>();
  const broadcast = () => {
    if (clients.size === 0) return;
    const event = eventOf(frame());
    for (const client of clients) {
      if (client.writableLength > UNREAD_MAX_BYTES) client.destroy();
      else client.write(event);
    }
  };
  const timer = setInterval(broadcast, 1_000 / FRAMES_PER_SECOND).unref();
  return {
    join(response) {
      if (clients.size >= CLIENTS_MAX) return false;
      response.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
      });
      response.write(`retry: ${RECONNECT_MS}\n\n${eventOf(frame())}`);
      clients.add(response);
      response.once("close", () => clients.delete(response));
      return true;
    },
    end() {
      clearInterval(timer);
      broadcast();
      for (const client of clients) client.end();
    },
  };
}

function eventOf(frame: unknown): string {
  return `data: ${JSON.stringify(frame)}\n\n`;
}
