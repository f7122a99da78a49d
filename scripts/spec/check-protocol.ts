import { CONFIGURATIONS, type Configuration, type Switch } from "./plan.ts";
import { searchModel, type Found } from "./run-spin.ts";
import { SWITCHES } from "./switches.ts";

/** One model takes one core. */
const PARALLEL = 2;

export interface Checked {
  /** With every rule on; nothing may be broken. */
  readonly configurations: readonly {
    readonly configuration: Configuration;
    readonly found: Found;
  }[];
  /** With one rule off; just its property must be broken. */
  readonly switches: readonly { readonly off: Switch; readonly found: Found }[];
}

/** Searches every configuration, and every switch off. */
export async function checkProtocol(): Promise<Checked> {
  const jobs = [
    ...CONFIGURATIONS.map((each) => () => searchConfiguration(each)),
    ...SWITCHES.map((each) => () => searchWithout(each)),
  ];
  const founds = await inParallel(jobs);
  const at = (i: number): Found => {
    const found = founds[i];
    if (!found) throw new Error(`job ${i} has no result`);
    return found;
  };
  return {
    configurations: CONFIGURATIONS.map((configuration, i) => ({ configuration, found: at(i) })),
    switches: SWITCHES.map((off, i) => ({ off, found: at(CONFIGURATIONS.length + i) })),
  };
}

function searchConfiguration({ model, budgets }: Configuration): Promise<Found> {
  return searchModel({ model, macros: budgets, shortest: false });
}

export function searchWithout({ kind, name, model, budgets }: Switch): Promise<Found> {
  const macro = `${kind === "rule" ? "NO" : "NOT"}_${name}`;
  return searchModel({ model, macros: { [macro]: 1, ...budgets }, shortest: true });
}

async function inParallel(jobs: readonly (() => Promise<Found>)[]): Promise<Found[]> {
  const founds: Found[] = [];
  const waiting = jobs.entries();
  const work = async (): Promise<void> => {
    for (const [i, job] of waiting) founds[i] = await job();
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return founds;
}
