// CBOR (RFC 8949): the part that statements and receipts use. No DOM.
// Integers (BigInt beyond ±(2^53−1)), byte and text strings, arrays, maps with integer or text keys (as Map), tags,
// false, true, null. Definite lengths only, no key twice, no trailing byte, at most 16 levels deep. Heads longer than
// needed are read, because what others signed stays as they wrote it: who wants one form encodes again and compares.
import { bigEndian, compare, concat, fromUtf8, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

const MAX_DEPTH = 16;
const SIMPLE = new Map([[20, false], [21, true], [22, null]]);

export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

function head(major, value) {
  const size = value < 24 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : value < 2 ** 32 ? 4 : 8;
  if (!size) return Uint8Array.of((major << 5) | Number(value));
  return concat(Uint8Array.of((major << 5) | (24 + Math.log2(size))), bigEndian(value, size));
}

/** Deterministic encoding (RFC 8949 §4.2.1): shortest heads, map keys in the order of their bytes. */
export function encode(item) {
  if (Number.isSafeInteger(item)) return item < 0 ? head(1, -1 - item) : head(0, item);
  if (typeof item === "bigint") return item < 0n ? head(1, -1n - item) : head(0, item);
  if (item instanceof Uint8Array) return concat(head(2, item.length), item);
  if (typeof item === "string") {
    const bytes = utf8(item);
    return concat(head(3, bytes.length), bytes);
  }
  if (Array.isArray(item)) return concat(head(4, item.length), ...item.map(encode));
  if (item instanceof Map) {
    const pairs = [...item].map(([key, value]) => [encode(key), encode(value)]);
    pairs.sort((a, b) => compare(a[0], b[0]));
    return concat(head(5, pairs.length), ...pairs.flat());
  }
  if (item instanceof Tagged) return concat(head(6, item.tag), encode(item.value));
  for (const [code, value] of SIMPLE) if (value === item) return head(7, code);
  throw new TypeError("not encodable as CBOR");
}

/** A BigInt as a number where that is exact. */
const shortened = (big) => (Number.isSafeInteger(Number(big)) ? Number(big) : big);

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  take(count) {
    if (count > this.bytes.length - this.at) throw new Malformed("the CBOR ends too early");
    this.at += Number(count);
    return this.bytes.subarray(this.at - Number(count), this.at);
  }

  head() {
    const [first] = this.take(1);
    const low = first & 31;
    if (low < 24) return [first >> 5, low];
    if (low > 27 || first >> 5 === 7) throw new Malformed("the CBOR has an indefinite length or a floating value");
    const value = this.take(2 ** (low - 24)).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    return [first >> 5, shortened(value)];
  }

  item(depth) {
    if (depth > MAX_DEPTH) throw new Malformed("the CBOR is nested too deeply");
    const [major, value] = this.head();
    if (major === 0) return value;
    if (major === 1) return shortened(-1n - BigInt(value));
    if (major === 2) return this.take(value);
    if (major === 3) return fromUtf8(this.take(value), "a CBOR text");
    if (major === 4) return Array.from({ length: this.count(value) }, () => this.item(depth + 1));
    if (major === 5) return this.map(this.count(value), depth);
    if (major === 6) return new Tagged(value, this.item(depth + 1));
    if (SIMPLE.has(value)) return SIMPLE.get(value);
    throw new Malformed("the CBOR has a value of a kind that is not used here");
  }

  count(value) {
    if (value > this.bytes.length - this.at) throw new Malformed("the CBOR ends too early");
    return Number(value);
  }

  map(count, depth) {
    const out = new Map();
    for (let i = 0; i < count; i++) {
      const key = this.item(depth + 1);
      if (!["number", "bigint", "string"].includes(typeof key))
        throw new Malformed("the CBOR has a map key that is no integer or text");
      if (out.has(key)) throw new Malformed("the CBOR has a map key twice");
      out.set(key, this.item(depth + 1));
    }
    return out;
  }
}

/** The one item that `bytes` hold. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const item = reader.item(0);
  if (reader.at !== bytes.length) throw new Malformed("the CBOR has bytes after its end");
  return item;
}
