import { expect, test } from "vitest";
import { allFaults } from "./all-faults.ts";

test("every fault has a name of its own that says which part it befalls, and a rail where it can", () => {
  const names = allFaults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, part, rails } of allFaults) {
    expect(name.startsWith(`${part}: `), name).toBe(true);
    expect(rails.length, name).toBeGreaterThan(0);
  }
});
