// Ed25519 (RFC 8032) by WebCrypto, behind the checks that WebCrypto leaves out. No DOM.
// Public key: 32 bytes, y little-endian with the sign of x in the top bit. Signature: R (32) ‖ S (32).
// A key must be canonical (y < p), on the curve and of prime order L: for the fourteen small-order encodings
// anyone can make signatures. S must be below L, and R not of small order.
import { concat, fromBase64, fromHex } from "./bytes.js";
import { Malformed, Unverified } from "./errors.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ROOT_OF_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;
const Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const SMALL_ORDER_Y = new Set([0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8]);
const TOP = 1n << 255n;
const PKCS8_HEAD = fromHex("302e020100300506032b657004220420");

const mod = (n) => ((n % P) + P) % P;

function littleEndian(bytes) {
  let out = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) out = (out << 8n) | BigInt(bytes[i]);
  return out;
}

function power(base, exponent) {
  let out = 1n;
  for (; exponent; exponent >>= 1n, base = (base * base) % P) if (exponent & 1n) out = (out * base) % P;
  return out;
}

/** x of the curve point with this y and sign, or undefined when there is none (RFC 8032 §5.1.3). */
function recoverX(y, sign) {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (mod(v * x * x) !== u) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(v * x * x) !== u || (x === 0n && sign)) return undefined;
  return (x & 1n) === sign ? x : mod(-x);
}

/** Sum of two points in extended coordinates (RFC 8032 §5.1.4). */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function hasPrimeOrder(x, y) {
  let sum = [0n, 1n, 1n, 0n];
  let point = [x, y, 1n, mod(x * y)];
  for (let n = L; n; n >>= 1n, point = add(point, point)) if (n & 1n) sum = add(sum, point);
  return sum[0] === 0n && sum[1] === sum[2];
}

const accepted = new Set(); // The check costs some ten milliseconds, and a receipt meets the same few keys again.

/** Throws Malformed for every key that must not be accepted: 32 bytes in, nothing out. */
export function checkPublicKey(raw) {
  if (raw.length !== 32) throw new Malformed("an Ed25519 public key has 32 bytes");
  const number = littleEndian(raw);
  if (accepted.has(number)) return;
  const y = number & (TOP - 1n);
  if (y >= P) throw new Malformed("the Ed25519 public key is not in its canonical form");
  if (SMALL_ORDER_Y.has(y)) throw new Malformed("the Ed25519 public key is a point of small order");
  const x = recoverX(y, number >> 255n);
  if (x === undefined) throw new Malformed("the Ed25519 public key is not a point of the curve");
  if (!hasPrimeOrder(x, y)) throw new Malformed("the Ed25519 public key is not a point of prime order");
  accepted.add(number);
}

/** Throws Unverified unless `signature` is this key's over `message`, Malformed when the key is unacceptable. */
export async function verify(raw, message, signature) {
  checkPublicKey(raw);
  if (signature.length !== 64) throw new Unverified("an Ed25519 signature has 64 bytes");
  const r = littleEndian(signature.subarray(0, 32)) & (TOP - 1n);
  if (littleEndian(signature.subarray(32)) >= L || SMALL_ORDER_Y.has(r % P))
    throw new Unverified("the Ed25519 signature is not in its canonical form");
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  if (!(await crypto.subtle.verify("Ed25519", key, signature, message)))
    throw new Unverified("the Ed25519 signature does not match");
}

const importSeed = (seed, extractable) =>
  crypto.subtle.importKey("pkcs8", concat(PKCS8_HEAD, seed), "Ed25519", extractable, ["sign"]);

/** Key pair of a 32-byte seed: {publicKey: 32 bytes, privateKey: CryptoKey that cannot be exported}. */
export async function keyPairFromSeed(seed) {
  if (seed.length !== 32) throw new Malformed("an Ed25519 seed has 32 bytes");
  const { x } = await crypto.subtle.exportKey("jwk", await importSeed(seed, true));
  const padded = x.replaceAll("-", "+").replaceAll("_", "/") + "=";
  return { publicKey: fromBase64(padded, "the public key"), privateKey: await importSeed(seed, false) };
}

/** 64-byte signature of a CryptoKey over `message`. */
export const sign = async (privateKey, message) =>
  new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
