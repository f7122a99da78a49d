/**
 * What becomes of each input, in the order of the inputs, with at most so many under way. At the first failure no
 * further one is begun; those that were are awaited, and what came before the failure has been handed over.
 */
export async function* inOrder<I, O>(
  inputs: AsyncIterable<I>,
  inFlightMax: number,
  work: (input: I) => Promise<O>,
): AsyncGenerator<O, void> {
  const underWay: Promise<O>[] = [];
  try {
    for await (const input of inputs) {
      const one = work(input);
      // Whoever awaits it hears of its failure; until then nobody does.
      one.catch(() => undefined);
      underWay.push(one);
      const [oldest] = underWay;
      if (underWay.length < inFlightMax || !oldest) continue;
      yield await oldest;
      void underWay.shift();
    }
    while (underWay[0]) {
      yield await underWay[0];
      void underWay.shift();
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
