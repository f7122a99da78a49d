import { createSplitter } from "./message-splitter.ts";

/** The requests that anything here goes by. */
export const API = {
  produce: 0,
  metadata: 3,
  offsetCommit: 8,
  findCoordinator: 10,
  heartbeat: 12,
  leaveGroup: 13,
} as const;

export interface KafkaRequest {
  readonly bytes: Buffer;
  readonly api: number;
  readonly correlationId: number;
}

export interface KafkaResponse {
  readonly bytes: Buffer;
  /** What it answers; undefined for an answer to nothing that was seen. */
  readonly api: number | undefined;
  readonly version: number | undefined;
}

/** Follows both sides of one connection: frames with their length in front, answers by correlation id. */
export function followFrames(): {
  readonly requests: (chunk: Buffer) => Generator<KafkaRequest, void>;
  readonly responses: (chunk: Buffer) => Generator<KafkaResponse, void>;
} {
  const asked = new Map<number, { readonly api: number; readonly version: number }>();
  const frameLength = (bytes: Buffer) => (bytes.length < 4 ? undefined : 4 + bytes.readInt32BE(0));
  const splitRequests = createSplitter(frameLength);
  const splitResponses = createSplitter(frameLength);
  return {
    *requests(chunk) {
      for (const bytes of splitRequests(chunk)) {
        const api = bytes.readInt16BE(4);
        const correlationId = bytes.readInt32BE(8);
        asked.set(correlationId, { api, version: bytes.readInt16BE(6) });
        yield { bytes, api, correlationId };
      }
    },
    *responses(chunk) {
      for (const bytes of splitResponses(chunk)) {
        const correlationId = bytes.readInt32BE(4);
        const { api, version } = asked.get(correlationId) ?? {};
        asked.delete(correlationId);
        yield { bytes, api, version };
      }
    },
  };
}

/**
 * The same answer with another port wherever it names this broker. The answers that name one write its host, a string, and
 * its port after it; the host and so every length stay as they are.
 */
export function readdress(response: Buffer, from: number, to: number): Buffer {
  const named = Buffer.alloc(HOST.length + 4);
  named.write(HOST);
  named.writeInt32BE(from, HOST.length);
  const readdressed = Buffer.from(response);
  let at = readdressed.indexOf(named);
  while (at >= 0) {
    readdressed.writeInt32BE(to, at + HOST.length);
    at = readdressed.indexOf(named, at + named.length);
  }
  return readdressed;
}

const HOST = "127.0.0.1";

/** The error code of an answer to a heartbeat. */
export function heartbeatError({ bytes, version = 0 }: KafkaResponse): number {
  const throttleTime = version >= 1 ? 4 : 0;
  return bytes.readInt16BE(8 + throttleTime);
}

/** Has a member leave its group, as if it said so itself: a broker does not ask who speaks for it. */
export function leaveGroup(groupId: string, memberId: string): Buffer {
  return request(API.leaveGroup, 0, [text(groupId), text(memberId)]);
}

/** Sets a partition's next offset for a group without members. */
export function commitOffset(
  groupId: string,
  topic: string,
  { partition, offset }: { readonly partition: number; readonly offset: bigint },
): Buffer {
  const noGeneration = int32(-1);
  const keptForEver = int64(-1n);
  return request(API.offsetCommit, 2, [
    Buffer.concat([text(groupId), noGeneration, text(""), keptForEver]),
    Buffer.concat([int32(1), text(topic), int32(1), int32(partition), int64(offset), text("")]),
  ]);
}

/** The error code of an answer to `commitOffset`, its last two bytes. */
export function commitError(answer: Buffer): number {
  return answer.readInt16BE(answer.length - 2);
}

function request(api: number, version: number, fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat([text("fault"), ...fields]);
  const head = Buffer.alloc(12);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt16BE(api, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(1, 8);
  return Buffer.concat([head, body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
