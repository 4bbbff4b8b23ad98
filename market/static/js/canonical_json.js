// RFC 8785 JSON: members sorted by UTF-16 code units, ES number form, no white space, UTF-8. No DOM.
// Reading accepts exactly what writing produces, which refuses duplicate names, white space and other spellings.
// At most 64 levels of lists and objects.
import { fromUtf8, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

const MAX_DEPTH = 64;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function text(value) {
  if (LONE_SURROGATE.test(value)) throw new Malformed("the JSON has half a surrogate pair");
  return JSON.stringify(value);
}

function write(value, depth = 0) {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    const digits = JSON.stringify(value);
    if (!Number.isFinite(value) || (/^-?\d+$/.test(digits) && !Number.isSafeInteger(value)))
      throw new Malformed("the JSON has a number that not every reader keeps exactly");
    return digits;
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value !== "object") throw new Malformed("the JSON has a value that JSON cannot hold");
  if (depth === MAX_DEPTH) throw new Malformed(`the JSON is nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${text(name)}:${write(value[name], depth + 1)}`).join(",")}}`;
}

export const formatCanonical = (value) => utf8(write(value));

/** Value of canonical bytes; anything that would be written differently is Malformed. */
export function parseCanonical(bytes, what = "the JSON") {
  const given = fromUtf8(bytes, what);
  let value;
  let again;
  try {
    value = JSON.parse(given);
    again = write(value);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed(`${what} cannot be read as JSON`);
  }
  if (again !== given) throw new Malformed(`${what} is not in its one canonical form (RFC 8785)`);
  return value;
}
