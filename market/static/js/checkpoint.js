// C2SP tlog-checkpoint: a signed note whose text is "<origin>\n<size>\n<base64 root>\n", without extension lines. No DOM.
import { equal, fromBase64 } from "./bytes.js";
import { Malformed } from "./errors.js";
import { checkKeyName } from "./note.js";
import { sha256 } from "./sha256.js";

/** A count in decimal, below 2^63: a number where that is exact, else a BigInt. */
export function parseCount(text, what) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) >= 2n ** 63n)
    throw new Malformed(`${what} is not a decimal number without leading zeros below 2^63`);
  return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
}

/** Note text to {origin, size, root (32 bytes)}. */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3]) throw new Malformed("the checkpoint has not exactly three lines");
  const [origin, size] = lines;
  checkKeyName(origin);
  const count = parseCount(size, "the tree size of the checkpoint");
  const root = fromBase64(lines[2], "the root of the checkpoint");
  if (root.length !== 32) throw new Malformed("the root of the checkpoint has not 32 bytes");
  if (size === "0" && !equal(root, sha256()))
    throw new Malformed("the checkpoint of an empty log has another root than an empty tree");
  return { origin, size: count, root };
}
