import { HttpProblem } from "./problems.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const POISON = new Set(["__proto__", "constructor", "prototype"]);
/** Nothing that we take is deeper than five. */
const DEPTH_MAX = 32;
/** A bulk of 500 payments has 8,000; reading a megabyte of commas would stop everything else for seconds. */
const SEPARATORS_MAX = 10_000;

/**
 * Reads a body strictly: valid UTF-8 and JSON, no name twice in an object (readers differ in which one they take, and one
 * of the two may be an amount), no name that could reach into an object's prototype, and no more to it than any request
 * of ours has, which is looked at first: a small body must not cost much. Throws `invalid_request`.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw malformed("empty", "The body is empty: send a JSON document.");
  const text = decode(bytes);
  const { colons, commas, depth } = outlineOf(text);
  if (depth > DEPTH_MAX) throw malformed("too_deep", "The body is nested too deeply.");
  if (colons + commas > SEPARATORS_MAX) {
    throw malformed("too_many_values", "The body has more values than any request takes.");
  }
  const { value, names, poison, isUnicode } = parse(text);
  if (poison !== undefined) throw malformed("forbidden_name", `No member may be named ${poison}.`);
  if (!isUnicode) throw malformed("not_unicode", "An escape of the body is half a character.");
  // A colon outside of strings stands for one member; of members with the same name only one is left.
  if (colons !== names) {
    throw malformed("duplicate_name", "An object of the body has the same name twice.");
  }
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw malformed("not_utf8", "The body is not UTF-8.", cause);
  }
}

/** What stands outside of strings, before anything is built of it. */
function outlineOf(text: string) {
  const outline = { colons: 0, commas: 0, depth: 0 };
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isString = !isString;
    else if (isString) at += character === "\\" ? 1 : 0;
    else if (character === ":") outline.colons += 1;
    else if (character === ",") outline.commas += 1;
    else if (character === "[" || character === "{") {
      depth += 1;
      outline.depth = Math.max(outline.depth, depth);
    } else if (character === "]" || character === "}") depth -= 1;
  }
  return outline;
}

function parse(text: string) {
  let names = 0;
  let poison: string | undefined;
  let isUnicode = true;
  try {
    const value: unknown = JSON.parse(text, function count(name: string, member: unknown) {
      // Called for every member: also of arrays, whose places are no names.
      if (!Array.isArray(this)) names += 1;
      if (POISON.has(name)) poison = name;
      // No text of the database could hold it.
      isUnicode &&= name.isWellFormed() && (typeof member !== "string" || member.isWellFormed());
      return member;
    });
    // Called for the whole document as well, as the member "" of an object.
    return { value, names: names - 1, poison, isUnicode };
  } catch (cause) {
    throw malformed("not_json", "The body is not JSON.", cause);
  }
}

function malformed(code: string, detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem("invalid_request", detail, {
    errors: [{ in: "body", pointer: "", code, detail }],
    cause,
  });
}
