// Byte strings: hex, base64 (RFC 4648 §4, padded, canonical), UTF-8, joining, comparing. No DOM.
import { Malformed } from "./errors.js";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

/** Bytes to text; invalid UTF-8 is Malformed, a byte order mark is kept. */
export function fromUtf8(bytes, what = "the text") {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new Malformed(`${what} is not UTF-8`);
  }
}

export function toHex(bytes) {
  let out = "";
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0");
  return out;
}

/** Lowercase hex to bytes; `size` (bytes) is checked when given. */
export function fromHex(text, size, what = "the value") {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text) || (size !== undefined && text.length !== 2 * size))
    throw new Malformed(`${what} is not lowercase hex${size === undefined ? "" : ` of ${size} bytes`}`);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function toBase64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

/** Strict base64: standard alphabet, padding present, unused bits zero, no white space. */
export function fromBase64(text, what = "the value") {
  if (typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    if (toBase64(bytes) === text) return bytes;
  }
  throw new Malformed(`${what} is not canonical base64`);
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Order of two byte strings: negative, 0 or positive. */
export function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export const equal = (a, b) => compare(a, b) === 0;

/** Unsigned big-endian integer of `size` bytes from a safe integer or BigInt. */
export function bigEndian(value, size) {
  const out = new Uint8Array(size);
  let rest = BigInt(value);
  for (let i = size - 1; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 255n);
  return out;
}
