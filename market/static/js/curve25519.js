// Arithmetic of edwards25519 (RFC 8032 §5.1) in BigInt. Points are [x, y, z, t] with x = X/Z, y = Y/Z, x·y = T/Z. No DOM.
// Nothing here is secret, so nothing takes constant time.
import { toHex } from "./bytes.js";

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ROOT_OF_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const NEUTRAL = [0n, 1n, 1n, 0n];

export const mod = (n) => ((n % P) + P) % P;

export const littleEndian = (bytes) => BigInt(`0x${toHex(bytes.slice().reverse())}`);

function power(base, exponent) {
  let out = 1n;
  for (; exponent; exponent >>= 1n, base = (base * base) % P) if (exponent & 1n) out = (out * base) % P;
  return out;
}

/** x of the curve point with this y and sign, or undefined when there is none (RFC 8032 §5.1.3). */
export function recoverX(y, sign) {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (mod(v * x * x) !== u) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(v * x * x) !== u || (x === 0n && sign)) return undefined;
  return (x & 1n) === sign ? x : mod(-x);
}

/** Point of its affine coordinates. */
export const point = (x, y) => [x, y, 1n, mod(x * y)];

/** Sum of two points, the same one twice included (RFC 8032 §5.1.4). */
export function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** n·A + m·B. */
export function multiplyAndAdd(n, a, m, b) {
  const sums = [undefined, a, b, add(a, b)];
  let out = NEUTRAL;
  for (let bit = BigInt(Math.max(n.toString(2).length, m.toString(2).length)) - 1n; bit >= 0n; bit--) {
    out = add(out, out);
    const term = sums[Number((n >> bit) & 1n) + 2 * Number((m >> bit) & 1n)];
    if (term) out = add(out, term);
  }
  return out;
}

/** y of a point with the sign of x in the top bit, as a number. */
export function encoded([x, y, z]) {
  const inverse = power(z, P - 2n);
  return mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
}

export const isNeutral = ([x, y, z]) => x === 0n && y === z;
