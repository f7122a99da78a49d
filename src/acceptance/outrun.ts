import { PaymentError } from "../errors.ts";

/** Races are over rows that two instances wrote at once; after one, ours are the repeats. */
const RACES_MAX = 5;

/** Does it again where another instance was faster (DATABASE_CONFLICT), and at last throws that. */
export async function outrun<T>(work: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race += 1) {
    try {
      return await work();
    } catch (error) {
      const lost = error instanceof PaymentError && error.code === "DATABASE_CONFLICT";
      if (!lost || race === RACES_MAX) throw error;
    }
  }
}
