// Receipt bundle (application/vnd.datawharf.receipt+json), RFC 8785 JSON, bytes in base64. No DOM.
// {"version": 1, "statement", "inclusion": {"index", "path": []}, "checkpoint": note text, "receipt",
//  "supporting": [{"statement", "inclusion"}], "openings"?: [{"name", "salt", "content"}]}
import { fromBase64, toHex, utf8 } from "./bytes.js";
import { parseCanonical } from "./canonical_json.js";
import { Malformed } from "./errors.js";
import { checkMembers } from "./members.js";
import { sha256 } from "./sha256.js";
import { once } from "./verifying.js";

function list(value, limit, what) {
  if (!Array.isArray(value) || value.length > limit)
    throw new Malformed(`${what} of the receipt is not a list of at most ${limit}`);
  return value;
}

function sized(value, size, what) {
  const bytes = fromBase64(value, what);
  if (bytes.length !== size) throw new Malformed(`${what} has not ${size} bytes`);
  return bytes;
}

function parseProved(value) {
  checkMembers(value, ["statement", "inclusion"], [], "the receipt");
  const { inclusion } = value;
  checkMembers(inclusion, ["index", "path"], [], "the inclusion proof");
  if (!Number.isSafeInteger(inclusion.index) || inclusion.index < 0)
    throw new Malformed("the inclusion proof has no index");
  const path = list(inclusion.path, 63, "the path").map((hash) => sized(hash, 32, "a hash of the path"));
  return { statement: fromBase64(value.statement, "the statement"), index: inclusion.index, path };
}

/** {name, salt (32 bytes), content (bytes)} of a JSON opening. */
export function parseOpening(value) {
  checkMembers(value, ["name", "salt", "content"], [], "an opening");
  if (typeof value.name !== "string" || !value.name) throw new Malformed("an opening has no name");
  const content = fromBase64(value.content, "the content of an opening");
  return { name: value.name, salt: sized(value.salt, 32, "a salt"), content };
}

/** Whether an opening is what the commitment (hex) of a statement stands for. */
export const opens = (commitment, { salt, content }) =>
  commitment === toHex(sha256(utf8("datawharf/commitment/v1\n"), salt, content));

/** Bundle bytes (`supporting` is the same object for receipts that share it) to {statement, index, path, checkpoint (note bytes), coseReceipt, supporting, openings}. */
export function parseBundle(bytes) {
  if (bytes.length > 32 * 2 ** 20) throw new Malformed("the receipt has more than 32 MiB");
  const value = parseCanonical(bytes, "the receipt");
  const names = ["version", "statement", "inclusion", "checkpoint", "receipt", "supporting"];
  checkMembers(value, names, ["openings"], "the receipt");
  if (value.version !== 1) throw new Malformed("the receipt is of a version that this program does not know");
  if (typeof value.checkpoint !== "string" || !value.checkpoint) throw new Malformed("the receipt has no checkpoint");
  const { statement, inclusion } = value;
  const openings = list("openings" in value ? value.openings : [], 64, "the list of openings").map(parseOpening);
  if (new Set(openings.map(({ name }) => name)).size !== openings.length || ("openings" in value && !openings.length))
    throw new Malformed("the receipt opens a commitment twice, or has an empty list of openings");
  return {
    ...parseProved({ statement, inclusion }),
    checkpoint: utf8(value.checkpoint),
    coseReceipt: fromBase64(value.receipt, "the COSE receipt"),
    supporting: once("supporting", JSON.stringify(value.supporting), () =>
      list(value.supporting, 64, "the list of supporting entries").map(parseProved),
    ),
    openings,
  };
}
