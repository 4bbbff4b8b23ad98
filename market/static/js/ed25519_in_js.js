// Ed25519 verification (RFC 8032 §5.1.7) without WebCrypto, some milliseconds a signature. No DOM.
// The caller has checked the key, that S < L, and that R is not of small order (see ed25519.js).
import { encoded, L, littleEndian, multiplyAndAdd, P, point, recoverX } from "./curve25519.js";
import { sha512 } from "./sha512.js";

const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n; // 4/5
const BASE = point(recoverX(BASE_Y, 0n), BASE_Y);

/** Whether S·B − k·A, k = SHA-512(R ‖ A ‖ M) mod L, is the point R byte for byte, as libsodium asks. */
export function holds(raw, message, signature) {
  const key = littleEndian(raw);
  const y = key & (2n ** 255n - 1n);
  const k = littleEndian(sha512(signature.subarray(0, 32), raw, message)) % L;
  const negated = point(P - recoverX(y, key >> 255n), y);
  const found = multiplyAndAdd(littleEndian(signature.subarray(32)), BASE, k, negated);
  return encoded(found) === littleEndian(signature.subarray(0, 32));
}
