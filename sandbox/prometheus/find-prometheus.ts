import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { cacheDirectory } from "../process/cache-directory.ts";
import { fetchByApt } from "./fetch-by-apt.ts";

/** Prometheus, its checker, its Alertmanager and that one's client, each as a path. */
export interface PrometheusTools {
  readonly prometheus: string;
  readonly promtool: string;
  readonly alertmanager: string;
  readonly amtool: string;
}

/** What a check that goes without them says. */
export const NO_PROMETHEUS =
  "skipped: Prometheus and Alertmanager are not installed; Debian: apt-get install prometheus prometheus-alertmanager";

/** Debian calls the second one's server otherwise than its makers do. */
const PROGRAMS: Readonly<Record<keyof PrometheusTools, readonly string[]>> = {
  prometheus: ["prometheus"],
  promtool: ["promtool"],
  alertmanager: ["prometheus-alertmanager", "alertmanager"],
  amtool: ["amtool"],
};

/**
 * Where they are: on the PATH, or in the cache, to which a CI run fetches Debian's packages. Undefined where they are
 * not, so that the caller can say that it was skipped; in CI that is an error instead.
 */
export async function findPrometheus(): Promise<PrometheusTools | undefined> {
  const cached = join(cacheDirectory(), "prometheus-debian");
  const places = [...(process.env["PATH"] ?? "").split(delimiter), join(cached, "usr", "bin")];
  const found = findIn(places);
  if (found !== undefined || process.env["CI"] !== "true") return found;
  await fetchByApt(["prometheus", "prometheus-alertmanager"], cached);
  const fetched = findIn(places);
  if (fetched === undefined) throw new Error(`Debian's packages in ${cached} lack a program`);
  return fetched;
}

function findIn(places: readonly string[]): PrometheusTools | undefined {
  const pairs = Object.entries(PROGRAMS).map(([tool, names]) => [
    tool,
    places.flatMap((place) => names.map((name) => join(place, name))).find(existsSync),
  ]);
  return pairs.every(([, path]) => path !== undefined)
    ? (Object.fromEntries(pairs) as PrometheusTools)
    : undefined;
}
