import type { z } from "zod";
import { HttpProblem, type ProblemPlace } from "./problems.ts";

/** Enough to mend a request by; a body of a thousand mistakes is not answered with a thousand. */
const PLACES_MAX = 20;

/** What a schema says about a part of a request, as the problem that answers it. */
export function invalidPart(part: ProblemPlace["in"], { issues }: z.ZodError): HttpProblem {
  const places = issues.flatMap((issue) => placesOf(part, issue));
  const [first] = places;
  const more = places.length > 1 ? `; ${places.length - 1} more in errors` : "";
  const where = first ? `${first.pointer === "" ? "" : `${first.pointer}: `}${first.detail}` : "";
  return new HttpProblem("invalid_request", `Wrong ${part}: ${where}${more}.`, {
    errors: places.slice(0, PLACES_MAX),
  });
}

/** One wrong place that is found only after the schema is content. */
export function invalidPlace(place: ProblemPlace): HttpProblem {
  return new HttpProblem("invalid_request", `${place.pointer}: ${place.detail}`, {
    errors: [place],
  });
}

/** The wrong places of one complaint. */
export function placesOf(part: ProblemPlace["in"], issue: z.core.$ZodIssue): ProblemPlace[] {
  const pointer = pointerTo(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => ({
      in: part,
      pointer: pointerTo([...issue.path, name]),
      code: "unknown_name",
      detail: "There is nothing of this name here.",
    }));
  }
  const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return [
    isMissing
      ? { in: part, pointer, code: "missing", detail: "This is required." }
      : { in: part, pointer, code: codeOf(issue), detail: issue.message },
  ];
}

function codeOf({ code }: z.core.$ZodIssue): string {
  switch (code) {
    case "invalid_type":
      return "wrong_type";
    case "too_big":
      return "too_large";
    case "too_small":
      return "too_small";
    default:
      return "invalid";
  }
}

function pointerTo(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${String(step).slice(0, 200).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
