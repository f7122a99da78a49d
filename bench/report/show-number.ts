/** Three digits that mean something, thousands apart: 0.123, 12.3, 1,230. */
export function showNumber(value: number): string {
  const digits = Math.abs(value) < 100 ? 3 : Math.ceil(Math.log10(Math.abs(value) + 1));
  return value.toLocaleString("en-US", { maximumSignificantDigits: Math.max(3, digits) });
}
