// C2SP signed-note: text ending in "\n", one empty line, lines "— <name> <base64(4-byte key id ‖ signature)>\n".
// Key id = SHA-256(name ‖ "\n" ‖ type ‖ key)[:4]; vkey = <name>+<key id, 8 hex>+<base64(type ‖ key)>. No DOM.
import { equal, fromBase64, fromHex, fromUtf8, toHex, utf8 } from "./bytes.js";
import * as ed25519 from "./ed25519.js";
import { Malformed, Unverified } from "./errors.js";
import { sha256 } from "./sha256.js";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
// ML-DSA-44: read, compared and told apart, but no browser can check it.
export const COSIGNATURE_ML_DSA = 0x06;
const ML_DSA_KEY_SIZE = 1312;
const MAX_SIGNATURES = 100;
const verifying = new WeakMap(); // Of a note that many receipts share, each signature is verified once.
const NAME = /^[^\u0000-\u0020\u0085\p{Z}+]+$/u;

export function keyId(name, kind, key) {
  return sha256(utf8(`${name}\n`), Uint8Array.of(kind), key).subarray(0, 4);
}

/** vkey to {name, id (4 bytes), kind, key (32 or 1312 bytes), vkey}. */
export function parseVkey(vkey) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey) ?? [];
  if (!encoded || !NAME.test(name)) throw new Malformed("the verifier key is not of the form name+id+key");
  const data = fromBase64(encoded, "the verifier key");
  const [kind] = data;
  const key = data.subarray(1);
  if (kind === COSIGNATURE_ML_DSA) {
    if (key.length !== ML_DSA_KEY_SIZE || utf8(name).length > 255)
      throw new Malformed("the ML-DSA-44 key has not 1312 bytes, or its name has more than 255");
  } else {
    if (kind !== ED25519 && kind !== COSIGNATURE) throw new Malformed("the verifier key is of an unknown type");
    ed25519.checkPublicKey(key);
  }
  if (!equal(keyId(name, kind, key), fromHex(id)))
    throw new Malformed("the verifier key does not have the key id that it states");
  return { name, id: fromHex(id), kind, key, vkey };
}

function parseSignature(line) {
  const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  if (!encoded || !NAME.test(name)) throw new Malformed("the note has a signature line that cannot be read");
  const data = fromBase64(encoded, "a signature line of the note");
  if (data.length < 5) throw new Malformed("the note has a signature line that is too short");
  return { name, id: data.subarray(0, 4), signature: data.subarray(4) };
}

/** Note bytes to {text, signatures: [{name, id, signature}]}, nothing verified. */
export function parseNote(bytes) {
  const all = fromUtf8(bytes, "the note");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(all)) throw new Malformed("the note has control characters");
  const at = all.lastIndexOf("\n\n");
  if (at < 0 || !all.endsWith("\n") || at + 2 === all.length) throw new Malformed("the note has no signatures");
  const lines = all.slice(at + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new Malformed("the note has too many signatures");
  return { text: all.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

/** What a verifier of this kind signs: [message, signature, time in POSIX seconds or undefined]. */
function signedBytes(verifier, text, signature) {
  if (verifier.kind === ED25519) return [utf8(text), signature, undefined];
  const time = signature.length === 72 ? new DataView(signature.buffer, signature.byteOffset).getBigUint64(0) : -1n;
  if (time < 0n || time >= 2n ** 63n)
    throw new Unverified(`the cosignature of ${verifier.name} is not a time and a signature`);
  const seconds = Number.isSafeInteger(Number(time)) ? Number(time) : time;
  return [utf8(`cosignature/v1\ntime ${time}\n${text}`), signature.subarray(8), seconds];
}

export const checkKeyName = (name) => {
  if (!NAME.test(name))
    throw new Malformed("the name of a key is empty or has a space, control character or plus sign");
};

/**
 * Signatures of `verifiers` on a note, as [{verifier, time}]: lines of other keys are skipped, a second good line of
 * one key is dropped. Unverified when none is left, or when a line that names a known key does not match.
 */
export function verifySignatures(note, verifiers) {
  if (!verifying.has(note)) verifying.set(note, new Map());
  const given = verifiers.map(({ vkey }) => vkey).join("\n");
  const known = verifying.get(note);
  if (!known.has(given)) {
    const verified = verifyLines(note, verifiers);
    known.set(given, verified);
    verified.catch(() => known.delete(given));
  }
  return known.get(given);
}

async function verifyLines(note, verifiers) {
  const verified = [];
  for (const { name, id, signature } of note.signatures) {
    const verifier = verifiers.find((known) => known.name === name && equal(known.id, id));
    if (!verifier) continue;
    const [message, bare, time] = signedBytes(verifier, note.text, signature);
    try {
      await ed25519.verify(verifier.key, message, bare);
    } catch (error) {
      if (!(error instanceof Unverified)) throw error;
      throw new Unverified(`the signature of ${name} (key ${toHex(id)}) does not match`);
    }
    if (!verified.some((done) => done.verifier === verifier)) verified.push({ verifier, time });
  }
  if (!verified.length) throw new Unverified("the note carries no signature of a key that is trusted here");
  return verified;
}
