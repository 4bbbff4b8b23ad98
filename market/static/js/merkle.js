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

/**
 * Unverified unless `path` shows that the tree of `newSize` entries with `newRoot` begins with that of `oldSize` entries
 * and `oldRoot` (RFC 9162 §2.1.4.2). An empty old tree, and a tree and itself, need and allow no path.
 */
export function verifyConsistency(oldSize, oldRoot, newSize, newRoot, path) {
  if (!(oldSize >= 0 && oldSize <= newSize)) throw new Unverified(`a log of ${oldSize} entries has not shrunk to ${newSize}`);
  if (oldSize === 0 || oldSize === newSize) {
    const same = oldSize === 0 ? equal(oldRoot, sha256()) : equal(oldRoot, newRoot);
    if (path.length || !same) throw new Unverified("the two roots, or the path between them, do not belong together");
    return;
  }
  let [at, last] = [BigInt(oldSize) - 1n, BigInt(newSize) - 1n];
  for (; at & 1n; last >>= 1n) at >>= 1n;
  const [seed, ...steps] = at ? path : [oldRoot, ...path];
  if (!seed) throw new Unverified("the path between the two trees is too short");
  let [before, after] = [seed, seed];
  for (const hash of steps) {
    if (!last) throw new Unverified("the path between the two trees is too long");
    if (at & 1n || at === last) {
      [before, after] = [nodeHash(hash, before), nodeHash(hash, after)];
      for (; at && !(at & 1n); last >>= 1n) at >>= 1n;
    } else after = nodeHash(after, hash);
    at >>= 1n;
    last >>= 1n;
  }
  if (last || !equal(before, oldRoot) || !equal(after, newRoot))
    throw new Unverified("the path does not lead to the roots of both trees");
}
