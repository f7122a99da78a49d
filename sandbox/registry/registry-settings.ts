const PROBE_TIMEOUT_MS = 2_000;

/** How Apicurio is set up, however it is run; `database` is the path of its files, without an ending. */
export function registrySettings(database: string): Record<string, string> {
  return {
    QUARKUS_LOG_LEVEL: "WARN",
    // On disk and at once, so that a registry that went away, even killed -9, comes back with the same ids.
    APICURIO_DATASOURCE_URL: `jdbc:h2:file:${database};WRITE_DELAY=0`,
    APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: "2",
    APICURIO_DATASOURCE_JDBC_MIN_SIZE: "2",
  };
}

/** Where an Apicurio on that port of 127.0.0.1 speaks the Confluent registry's protocol. */
export function registryUrl(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`;
}

/** True once it answers a question that needs its database. */
export async function registryAnswers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  return answer.ok;
}
