import type { PartStarters } from "../part-starters.ts";
export function containerStarters(): PartStarters { throw new Error("x"); }
