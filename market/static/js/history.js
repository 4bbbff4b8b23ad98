// History of a key (application/vnd.datawharf.history+json, the layout of ledger/index/history.py), RFC 8785 JSON. No DOM.
// {"checkpoint": note text of the log, "entries"?: [{"entry", "path"}], "index": {"checkpoint", "inclusion": {"index",
//  "path"}, "state"}, "indices": [n, …] ascending, "key": text, "map": {"other"?: {"key", "list"}, "path": steps},
//  "supporting": [{"entry", "index", "path"}], "version": 1}; bytes in base64, paths as hashes one after the other,
// steps as hashes each behind the byte of its bit.
import { fromBase64, utf8 } from "./bytes.js";
import { parseCanonical } from "./canonical_json.js";
import { Malformed } from "./errors.js";
import { checkMembers } from "./members.js";
import { BITS } from "./trie.js";

const MAX_SIZE = 128 * 2 ** 20;
const MAX_INDICES = 4000000;
const MAX_SUPPORTING = 16;
const MAX_PATH = 63;
const HASH = 32;

function list(value, limit, what) {
  if (!Array.isArray(value) || value.length > limit)
    throw new Malformed(`the ${what} of the history are not a list of at most ${limit}`);
  return value;
}

function count(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Malformed("an index in the history is not a number from 0");
  return value;
}

function text(value, what) {
  if (typeof value !== "string" || !value) throw new Malformed(`the ${what} is not text`);
  return value;
}

function sized(value, what) {
  const bytes = fromBase64(value, what);
  if (bytes.length !== HASH) throw new Malformed(`${what} has not ${HASH} bytes`);
  return bytes;
}

/** Parts of `size` bytes each, of base64 that holds at most `limit` of them. */
function parts(value, size, limit, what) {
  const bytes = fromBase64(value, what);
  if (bytes.length % size || bytes.length > limit * size)
    throw new Malformed(`${what} does not consist of at most ${limit} whole parts`);
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

const parsePath = (value) => parts(value, HASH, MAX_PATH, "a path in the history");

const parseSteps = (value) =>
  parts(value, 1 + HASH, BITS, "the path through the map").map((step) => ({ bit: step[0], sibling: step.subarray(1) }));

function parseIndices(value) {
  const indices = list(value, MAX_INDICES, "indices").map(count);
  if (indices.some((index, i) => i && index <= indices[i - 1]))
    throw new Malformed("the indices of the history do not ascend");
  return indices;
}

function parseEntries(value, indices) {
  const entries = list(value, indices.length, "entries");
  if (entries.length !== indices.length)
    throw new Malformed(`the history has ${entries.length} entries for ${indices.length} indices`);
  return entries.map((each, i) => {
    checkMembers(each, ["entry", "path"], [], "an entry of the history");
    return { entry: fromBase64(each.entry, "an entry of the history"), index: indices[i], path: parsePath(each.path) };
  });
}

function parseSupporting(each) {
  checkMembers(each, ["entry", "index", "path"], [], "a supporting entry");
  return { entry: fromBase64(each.entry, "a supporting entry"), index: count(each.index), path: parsePath(each.path) };
}

function parseLeaf(value) {
  checkMembers(value, ["key", "list"], [], "the leaf of the map");
  return { key: sized(value.key, "the key in the map"), list: sized(value.list, "the list in the map") };
}

function parseMap(value) {
  checkMembers(value, ["path"], ["other"], "the map in the history");
  return { mapPath: parseSteps(value.path), other: "other" in value ? parseLeaf(value.other) : undefined };
}

function parseIndex(value) {
  checkMembers(value, ["checkpoint", "inclusion", "state"], [], "the index in the history");
  const { checkpoint, inclusion, state } = value;
  checkMembers(inclusion, ["index", "path"], [], "the proof of the index");
  return {
    indexCheckpoint: utf8(text(checkpoint, "checkpoint of the index")),
    state: { entry: fromBase64(state, "the state of the index"), index: count(inclusion.index), path: parsePath(inclusion.path) },
  };
}

/**
 * History bytes to {key, checkpoint, indexCheckpoint (note bytes), state: located, mapPath, other (leaf or undefined),
 * indices, entries (or undefined), supporting}; located = {entry (bytes), index, path}. Nothing is verified.
 */
export function parseHistory(bytes) {
  if (bytes.length > MAX_SIZE) throw new Malformed("the history has more than 128 MiB");
  const value = parseCanonical(bytes, "the history");
  const names = ["version", "key", "checkpoint", "index", "map", "indices", "supporting"];
  checkMembers(value, names, ["entries"], "the history");
  if (value.version !== 1) throw new Malformed("the history is of a version that this program does not know");
  const indices = parseIndices(value.indices);
  const history = {
    key: text(value.key, "key of the history"),
    checkpoint: utf8(text(value.checkpoint, "checkpoint in the history")),
    ...parseIndex(value.index),
    ...parseMap(value.map),
    indices,
    entries: "entries" in value ? parseEntries(value.entries, indices) : undefined,
    supporting: list(value.supporting, MAX_SUPPORTING, "supporting entries").map(parseSupporting),
  };
  if ((history.other === undefined) !== indices.length > 0)
    throw new Malformed("the history does not say in its one way whether there are entries");
  return history;
}
