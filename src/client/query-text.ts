export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=1&b=2` of what is given; nothing of nothing. */
export function queryText(values: QueryValues): string {
  const text = new URLSearchParams(given(values)).toString();
  return text === "" ? "" : `?${text}`;
}

/** What is not undefined, as text. */
export function given(values: QueryValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
}
