// RFC 6962 §2.1 tree: leaf SHA-256(0x00 ‖ data), node SHA-256(0x01 ‖ left ‖ right), empty SHA-256("").
// Indexes and sizes are safe integers. No DOM.
import { bigEndian, equal } from "./bytes.js";
import { Unverified } from "./errors.js";
import { sha256 } from "./sha256.js";

const LEAF = bigEndian(0, 1);
const NODE = bigEndian(1, 1);

export const leafHash = (data) => sha256(LEAF, data);
export const nodeHash = (left, right) => sha256(NODE, left, right);

/** Root over leaf hashes that arrive one by one: keeps one hash per set bit of the size. */
export class CompactRange {
  #stack = [];
  size = 0;

  append(hash) {
    for (let n = this.size; n % 2; n = (n - 1) / 2) hash = nodeHash(this.#stack.pop(), hash);
    this.#stack.push(hash);
    this.size++;
  }

  root() {
    if (!this.size) return sha256();
    return this.#stack.reduceRight((right, left) => nodeHash(left, right));
  }
}

export function rootOf(leafHashes) {
  const range = new CompactRange();
  for (const hash of leafHashes) range.append(hash);
  return range.root();
}

/** Root that a path (leaf's sibling first) leads to; Unverified when the path has not the one possible length. */
export function rootFromInclusion(hash, index, size, path) {
  if (!(index >= 0 && index < size)) throw new Unverified(`entry ${index} is outside a tree of ${size} entries`);
  const steps = [];
  for (let at = BigInt(index), last = BigInt(size) - 1n; last > 0n; at >>= 1n, last >>= 1n) {
    if (at & 1n) steps.push("left");
    else if (at < last) steps.push("right");
  }
  if (steps.length !== path.length)
    throw new Unverified(`the path has ${path.length} hashes where this entry and tree size need ${steps.length}`);
  return steps.reduce((sum, side, i) => (side === "left" ? nodeHash(path[i], sum) : nodeHash(sum, path[i])), hash);
}

export function verifyInclusion(hash, index, size, path, root) {
  if (!equal(rootFromInclusion(hash, index, size, path), root))
    throw new Unverified("the path does not lead to the root of the checkpoint");
}
