// Exact sets of members of parsed JSON objects. No DOM.
import { Malformed } from "./errors.js";

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Malformed unless `value` is an object with all of `names`, perhaps some of `optional`, and nothing else. */
export function checkMembers(value, names, optional, what) {
  if (!isObject(value)) throw new Malformed(`${what} is not an object`);
  for (const name of names) if (!Object.hasOwn(value, name)) throw new Malformed(`${what} has no “${name}”`);
  for (const name of Object.keys(value))
    if (!names.includes(name) && !optional.includes(name))
      throw new Malformed(`${what} has an unknown member “${name}”`);
}
