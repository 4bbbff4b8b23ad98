// CBOR (RFC 8949): the part that statements and receipts use. No DOM.
// Integers within ±(2^53−1), byte and text strings, arrays, maps (as Map), tags, false, true, null.
// Refused when reading: indefinite lengths, longer than shortest heads, floats, duplicate keys, trailing bytes.
import { bigEndian, compare, concat, fromUtf8, toHex, utf8 } from "./bytes.js";
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
  if (!size) return Uint8Array.of((major << 5) | value);
  return concat(Uint8Array.of((major << 5) | (24 + Math.log2(size))), bigEndian(value, size));
}

/** Deterministic encoding (RFC 8949 §4.2.1): shortest heads, map keys in the order of their bytes. */
export function encode(item) {
  if (Number.isSafeInteger(item)) return item < 0 ? head(1, -1 - item) : head(0, item);
  if (item instanceof Uint8Array) return concat(head(2, item.length), item);
  if (typeof item === "string") return concat(head(3, utf8(item).length), utf8(item));
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

class Reader {
  at = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  take(count) {
    if (count > this.bytes.length - this.at) throw new Malformed("the CBOR ends too early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  head() {
    const [first] = this.take(1);
    const low = first & 31;
    if (low > 27) throw new Malformed("the CBOR has a length that is not definite");
    if (low < 24) return [first >> 5, low];
    const size = 2 ** (low - 24);
    const value = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(value)) throw new Malformed("the CBOR has a number above 2^53-1");
    if (value < (size === 1 ? 24 : 256 ** (size / 2))) throw new Malformed("the CBOR has a number that is not in its shortest form");
    return [first >> 5, value];
  }

  item(depth) {
    if (depth > MAX_DEPTH) throw new Malformed("the CBOR is nested too deeply");
    const start = this.at;
    const [major, value] = this.head();
    if (major === 0) return value;
    if (major === 1) return -1 - value;
    if (major === 2) return this.take(value);
    if (major === 3) return fromUtf8(this.take(value), "a CBOR text");
    if (major === 4) return Array.from({ length: this.count(value) }, () => this.item(depth + 1));
    if (major === 5) return this.map(this.count(value), depth);
    if (major === 6) return new Tagged(value, this.item(depth + 1));
    if (this.at - start === 1 && SIMPLE.has(value)) return SIMPLE.get(value);
    throw new Malformed("the CBOR has a value of a kind that is not used here");
  }

  count(value) {
    if (value > this.bytes.length) throw new Malformed("the CBOR ends too early");
    return value;
  }

  map(count, depth) {
    const out = new Map();
    const seen = new Set();
    for (let i = 0; i < count; i++) {
      const start = this.at;
      const key = this.item(depth + 1);
      const name = toHex(this.bytes.subarray(start, this.at));
      if (seen.has(name)) throw new Malformed("the CBOR has a map key twice");
      seen.add(name);
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
