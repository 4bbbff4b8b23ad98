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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes) {
  let out = "";
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i]];
  return out;
}

/** Lowercase hex to bytes; `size` (bytes) is checked when given. */
export function fromHex(text, size, what = "the value") {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text) || (size !== undefined && text.length !== 2 * size))
    throw new Malformed(`${what} is not lowercase hex${size === undefined ? "" : ` of ${size} bytes`}`);
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function toBase64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

const NO_DIGIT = 64;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [i, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  DIGITS[digit.charCodeAt(0)] = i;

const digitAt = (text, at) => DIGITS[text.charCodeAt(at)] ?? NO_DIGIT;

/** Bytes of base64 without its padding, or undefined if a character is no digit or an unused bit is set. */
function decodeDigits(text, length) {
  const out = new Uint8Array((length * 3) >> 2);
  let [bits, filled, wrong] = [0, 0, 0];
  for (let at = 0, to = 0; at < length; at++) {
    const digit = digitAt(text, at);
    wrong |= digit;
    bits = ((bits << 6) | digit) & 0xfff;
    filled += 6;
    if (filled >= 8) out[to++] = bits >> (filled -= 8);
  }
  return wrong & NO_DIGIT || bits & ((1 << filled) - 1) ? undefined : out;
}

/** Strict base64: standard alphabet, padding present, unused bits zero, no white space. */
export function fromBase64(text, what = "the value") {
  if (typeof text === "string" && text.length % 4 === 0) {
    const padding = text.endsWith("==") ? 2 : Number(text.endsWith("="));
    const bytes = decodeDigits(text, text.length - padding);
    if (bytes) return bytes;
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
