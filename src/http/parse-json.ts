import { HttpProblem } from "./problems.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });
/** Of a valid document: every string, names included. */
const STRING = /"(?:[^"\\]|\\.)*"/g;
const POISON = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads a body strictly: valid UTF-8 and JSON, no name twice in an object (readers differ in which one they take, and one
 * of the two may be an amount), no name that could reach into an object's prototype. Throws `invalid_request`.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw malformed("empty", "The body is empty: send a JSON document.");
  let text: string;
  let names = 0;
  try {
    text = UTF8.decode(bytes);
  } catch (cause) {
    throw malformed("not_utf8", "The body is not UTF-8.", cause);
  }
  let poisoned: string | undefined;
  try {
    const value: unknown = JSON.parse(text, function count(name: string, member: unknown) {
      // Called for every member: also of arrays, whose places are no names.
      if (!Array.isArray(this)) names += 1;
      if (POISON.has(name)) poisoned = name;
      return member;
    });
    // The reviver is called for the whole document as well, as the member "" of an object.
    names -= 1;
    if (poisoned !== undefined) {
      throw malformed("forbidden_name", `No member may be named ${poisoned}.`);
    }
    assertNamesOnce(text, names);
    return value;
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
    throw malformed("not_json", "The body is not JSON.", error);
  }
}

/** A colon outside of strings stands for one member; of members with the same name only one is left. */
function assertNamesOnce(text: string, names: number): void {
  const colons = text.replaceAll(STRING, "").split(":").length - 1;
  if (colons !== names) {
    throw malformed("duplicate_name", "An object of the body has the same name twice.");
  }
}

function malformed(code: string, detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem("invalid_request", detail, {
    errors: [{ in: "body", pointer: "", code, detail }],
    cause,
  });
}
