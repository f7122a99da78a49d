/** Cuts a stream of bytes into whole messages, one at a time; what is not whole yet waits for the rest. */
export type Splitter = (chunk: Buffer) => Generator<Buffer, void>;

/**
 * `lengthOf` tells the whole length of the message that starts here, or undefined while that cannot be told yet. It is
 * asked only once the message before was taken, on whose meaning it may depend.
 */
export function createSplitter(lengthOf: (bytes: Buffer) => number | undefined): Splitter {
  let rest: Buffer = Buffer.alloc(0);
  return function* split(chunk) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length > 0) {
      const length = lengthOf(rest);
      if (length === undefined || rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      yield message;
    }
  };
}
