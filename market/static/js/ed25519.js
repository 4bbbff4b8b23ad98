// Ed25519 (RFC 8032) by WebCrypto, behind the checks that WebCrypto leaves out; in JavaScript where it has none. No DOM.
// Public key: 32 bytes, y little-endian with the sign of x in the top bit. Signature: R (32) ‖ S (32).
// A key must be canonical (y < p), on the curve and of prime order L: for the fourteen small-order encodings
// anyone can make signatures. S must be below L, and R not of small order.
import { concat, fromBase64, fromHex, toHex } from "./bytes.js";
import { isNeutral, L, littleEndian, multiplyAndAdd, P, point, recoverX } from "./curve25519.js";
import { Malformed, Unverified } from "./errors.js";

const Y_OF_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const SMALL_ORDER_Y = new Set([0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8]);
const TOP = 1n << 255n;
const PKCS8_HEAD = fromHex("302e020100300506032b657004220420");

const hasPrimeOrder = (found) => isNeutral(multiplyAndAdd(L, found, 0n, found));

const accepted = new Set(); // The check costs some ten milliseconds, and a receipt meets the same few keys again.
const MAX_IMPORTED = 100;
const imported = new Map();

/** The key as WebCrypto wants it; of many signatures by one key only the first one waits for it. */
function importedKey(raw) {
  const name = toHex(raw);
  if (!imported.has(name)) {
    if (imported.size === MAX_IMPORTED) imported.clear();
    const key = crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    imported.set(name, key);
    key.catch(() => imported.delete(name));
  }
  return imported.get(name);
}

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
  if (!hasPrimeOrder(point(x, y))) throw new Malformed("the Ed25519 public key is not a point of prime order");
  accepted.add(number);
}

/** Whether WebCrypto says that the signature holds; undefined where it knows no Ed25519 (or there is no WebCrypto). */
async function holdsNatively(raw, message, signature) {
  try {
    return await crypto.subtle.verify("Ed25519", await importedKey(raw), signature, message);
  } catch {
    return undefined;
  }
}

/** Throws Unverified unless `signature` is this key's over `message`, Malformed when the key is unacceptable. */
export async function verify(raw, message, signature) {
  checkPublicKey(raw);
  if (signature.length !== 64) throw new Unverified("an Ed25519 signature has 64 bytes");
  const r = littleEndian(signature.subarray(0, 32)) & (TOP - 1n);
  if (littleEndian(signature.subarray(32)) >= L || SMALL_ORDER_Y.has(r % P))
    throw new Unverified("the Ed25519 signature is not in its canonical form");
  let held = await holdsNatively(raw, message, signature);
  if (held === undefined) held = (await import("./ed25519_in_js.js")).holds(raw, message, signature);
  if (!held) throw new Unverified("the Ed25519 signature does not match");
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
