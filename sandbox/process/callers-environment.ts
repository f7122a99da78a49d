/** All that the caller's environment holds: for tools of the system alone, whose proxies and mirrors may be set there. */
export function callersEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
