/** What Grafana would put in for “All”, and for intervals while Prometheus scrapes every second. */
const VALUES: readonly (readonly [string, string])[] = [
  ["$__rate_interval", "15s"],
  ["$__range", "2m"],
  ["$job", ".+"],
  ["$instance", ".+"],
  ["$stage", ".+"],
];

/** A panel's query as Grafana would send it. */
export function fillVariables(expr: string): string {
  const filled = VALUES.reduce((text, [name, value]) => text.replaceAll(name, value), expr);
  const left = /\$\w+/.exec(filled);
  if (left) throw new Error(`the harness has no value for ${left[0]}`);
  return filled;
}
