// SHA-512 (FIPS 180-4) of short messages, in BigInt: for browsers without WebCrypto. No DOM.
// 128-byte blocks, 0x80 padding, 128-bit big-endian bit length; the constants are the first 64 bits behind the point of
// the square and cube roots of the first primes.
import { bigEndian, concat } from "./bytes.js";

const WORD = (1n << 64n) - 1n;

/** Largest integer whose `degree`-th power is not above n (Newton). */
function root(n, degree) {
  let guess = 1n << BigInt(Math.ceil(n.toString(2).length / degree));
  for (;;) {
    const next = (BigInt(degree - 1) * guess + n / guess ** BigInt(degree - 1)) / BigInt(degree);
    if (next >= guess) return guess;
    guess = next;
  }
}

const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((p) => n % p)) primes.push(n);
const fraction = (p, degree) => root(BigInt(p) << BigInt(64 * degree), degree) & WORD;
const K = primes.map((p) => fraction(p, 3));
const START = primes.slice(0, 8).map((p) => fraction(p, 2));

const rotate = (x, n) => (x >> n) | ((x << (64n - n)) & WORD);

function compress(state, block) {
  const w = Array.from({ length: 16 }, (_, i) => block.getBigUint64(8 * i));
  for (let i = 16; i < 80; i++) {
    const s0 = rotate(w[i - 15], 1n) ^ rotate(w[i - 15], 8n) ^ (w[i - 15] >> 7n);
    const s1 = rotate(w[i - 2], 19n) ^ rotate(w[i - 2], 61n) ^ (w[i - 2] >> 6n);
    w.push((w[i - 16] + s0 + w[i - 7] + s1) & WORD);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 80; i++) {
    const s1 = rotate(e, 14n) ^ rotate(e, 18n) ^ rotate(e, 41n);
    const t1 = h + s1 + ((e & f) ^ (~e & WORD & g)) + K[i] + w[i];
    const s0 = rotate(a, 28n) ^ rotate(a, 34n) ^ rotate(a, 39n);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(t1 + t2) & WORD, a, b, c, (d + t1) & WORD, e, f, g];
  }
  return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) & WORD);
}

/** The 64-byte digest of the parts, one after the other. */
export function sha512(...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const zeros = new Uint8Array((239 - (length % 128)) % 128);
  const padded = concat(...parts, Uint8Array.of(0x80), zeros, bigEndian(8 * length, 16));
  let state = START;
  for (let at = 0; at < padded.length; at += 128) state = compress(state, new DataView(padded.buffer, at, 128));
  return concat(...state.map((word) => bigEndian(word, 8)));
}
