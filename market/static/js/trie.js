// Hashes of the index's map from key hashes to lists (ledger/index/trie.py): a compressed binary trie. No DOM.
//   list = SHA-256("datawharf/index-list/v1" LF ‖ uint64 count ‖ RFC 6962 root over the indices, uint64 each)
//   leaf = SHA-256("datawharf/index-leaf/v1" LF ‖ key hash ‖ list)
//   node = SHA-256("datawharf/index-node/v1" LF ‖ bit ‖ left ‖ right), bit = the first in which two keys below it differ
import { bigEndian, utf8 } from "./bytes.js";
import { Unverified } from "./errors.js";
import { leafHash, rootOf } from "./merkle.js";
import { sha256 } from "./sha256.js";

export const BITS = 256;
const LIST = utf8("datawharf/index-list/v1\n");
const LEAF = utf8("datawharf/index-leaf/v1\n");
const NODE = utf8("datawharf/index-node/v1\n");

/** Commitment (32 bytes) to the list of these indices, in this order. */
export const commitIndices = (indices) =>
  sha256(LIST, bigEndian(indices.length, 8), rootOf(indices.map((index) => leafHash(bigEndian(index, 8)))));

const nodeHash = (bit, left, right) => sha256(NODE, Uint8Array.of(bit), left, right);

const bitOf = (key, bit) => (key[bit >> 3] >> (7 - (bit & 7))) & 1;

/**
 * The root under which looking up `key` (32 bytes) by `path` ([{bit, sibling}], from the leaf upwards) ends in the leaf
 * {key, list}. Unverified if no trie has such a path: its bits must fall, and the leaf's key must take the same sides.
 */
export function rootOfPath(key, leaf, path) {
  let current = sha256(LEAF, leaf.key, leaf.list);
  let below = BITS;
  for (const { bit, sibling } of path) {
    if (bit >= below) throw new Unverified("the path through the map has a step that no trie has");
    const side = bitOf(key, bit);
    if (side !== bitOf(leaf.key, bit))
      throw new Unverified("the path through the map leads to another place than that of the key");
    current = side ? nodeHash(bit, sibling, current) : nodeHash(bit, current, sibling);
    below = bit;
  }
  return current;
}
