// The signing keys of this browser: one Ed25519 key per organisation, kept in IndexedDB as a CryptoKey that no script
// can export. The seed exists only between making a key and saving its recovery file, which is the only way back:
//   {"datawharf":"signing-key/v1","kid":hex,"label":…,"seed":base64}   (as the command line's key file)
import { concat, fromBase64, toBase64, toHex, utf8 } from "./bytes.js";
import { formatCanonical } from "./canonical_json.js";
import { keyPairFromSeed, sign } from "./ed25519.js";
import { Malformed } from "./errors.js";
import { possessionMessage, thumbprint } from "./keys.js";
import { checkMembers } from "./members.js";

const FORMAT = "signing-key/v1";

/** A key that is not saved yet: {label, seed, kid (hex), publicKey, privateKey}. */
export async function keyFromSeed(seed, label) {
  const pair = await keyPairFromSeed(seed);
  return { label, seed, kid: toHex(thumbprint(pair.publicKey)), ...pair };
}

export const makeKey = (label) => keyFromSeed(crypto.getRandomValues(new Uint8Array(32)), label);

/** Bytes of the recovery file of an unsaved key. */
export function formatRecovery({ label, kid, seed }) {
  return concat(formatCanonical({ datawharf: FORMAT, kid, label, seed: toBase64(seed) }), utf8("\n"));
}

/** Unsaved key of a recovery file's text; Malformed when it is none, or states another key id. */
export async function parseRecovery(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed("the file is not a recovery file");
  }
  checkMembers(value, ["datawharf", "kid", "label", "seed"], [], "the recovery file");
  if (value.datawharf !== FORMAT || typeof value.label !== "string")
    throw new Malformed("the file is not a recovery file");
  const key = await keyFromSeed(fromBase64(value.seed, "the seed"), value.label);
  if (key.kid !== value.kid) throw new Malformed("the recovery file states another key than it holds");
  return key;
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function withStore(mode, work) {
  const opening = indexedDB.open("datawharf-keys", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys", { keyPath: "org" });
  const database = await settled(opening);
  try {
    const transaction = database.transaction("keys", mode);
    const result = await settled(work(transaction.objectStore("keys")));
    if (mode === "readwrite")
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    return result;
  } finally {
    database.close();
  }
}

/** Keeps a key for an organisation (URN), without its seed. */
export function saveKey(org, { label, kid, publicKey, privateKey }) {
  return withStore("readwrite", (store) => store.put({ org, label, kid, publicKey, privateKey }));
}

/** The organisation's key in this browser, or undefined. */
export const loadKey = (org) => withStore("readonly", (store) => store.get(org));

export const forgetKey = (org) => withStore("readwrite", (store) => store.delete(org));

/** 64-byte proof that the holder of `key` binds it to `org` in the log `origin`. */
export const provePossession = (key, origin, org) =>
  sign(key.privateKey, possessionMessage(origin, toHex(key.publicKey), org));
