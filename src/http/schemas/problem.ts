import { z } from "zod";
import { PROBLEM_CODES } from "../problems.ts";

const place = z
  .object({
    in: z.enum(["body", "query", "path", "header"]),
    pointer: z.string().meta({ description: "JSON pointer within that part", example: "/amount" }),
    code: z.string(),
    detail: z.string(),
  })
  .meta({ id: "ProblemPlace" });

/** RFC 9457. */
export const problem = z
  .looseObject({
    type: z.string().meta({ description: "Where the code is explained" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(PROBLEM_CODES).meta({ description: "What programs branch on" }),
    retryable: z
      .boolean()
      .meta({ description: "Whether the same request may succeed when made again" }),
    requestId: z.string(),
    errors: z.array(place),
  })
  .meta({ id: "Problem" });
