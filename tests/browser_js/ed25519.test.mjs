import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { fromHex, toHex } = await load("bytes");
const { checkPublicKey, keyPairFromSeed, sign, verify } = await load("ed25519");
const { holds } = await load("ed25519_in_js");
const { Malformed, Unverified } = await load("errors");
const { sha512 } = await load("sha512");
const { keys, signatures, rfc8032 } = vectors("ed25519");

test("keys are accepted and refused exactly as by the ledger package", () => {
  assert.ok(keys.some(({ accepted }) => accepted) && keys.filter(({ accepted }) => !accepted).length > 40);
  for (const { name, key, accepted } of keys) {
    if (accepted) checkPublicKey(fromHex(key));
    else assert.throws(() => checkPublicKey(fromHex(key)), Malformed, name);
  }
});

async function judgeAll() {
  assert.ok(signatures.some(({ accepted }) => accepted) && signatures.filter(({ accepted }) => !accepted).length > 80);
  for (const { name, key, message, signature, accepted } of signatures) {
    const outcome = verify(fromHex(key), fromHex(message), fromHex(signature));
    if (accepted) await outcome;
    else await assert.rejects(outcome, (error) => error instanceof Unverified || error instanceof Malformed, name);
  }
}

test("signatures are accepted and refused exactly as by the ledger package", judgeAll);

test("without WebCrypto's Ed25519 the verdicts are the same", async () => {
  const { importKey, verify: verifyNatively } = crypto.subtle;
  let asked = 0;
  const refuse = async () => {
    asked++;
    throw new DOMException("no Ed25519 here", "NotSupportedError");
  };
  Object.assign(crypto.subtle, { importKey: refuse, verify: refuse }); // Keys that were imported before are remembered.
  try {
    await judgeAll();
  } finally {
    Object.assign(crypto.subtle, { importKey, verify: verifyNatively });
  }
  assert.ok(asked > 10);
});

test("both ways check the vectors of RFC 8032", async () => {
  for (const { key, message, signature } of rfc8032) {
    await verify(fromHex(key), fromHex(message), fromHex(signature));
    assert.equal(holds(fromHex(key), fromHex(message), fromHex(signature)), true);
    const other = fromHex(message + "00");
    assert.equal(holds(fromHex(key), other, fromHex(signature)), false);
  }
});

test("SHA-512 in JavaScript is WebCrypto's", async () => {
  for (const size of [0, 1, 3, 55, 64, 110, 111, 112, 113, 127, 128, 129, 239, 240, 255, 256, 1000, 65535]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 131 + size) & 255);
    const expected = toHex(new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)));
    assert.equal(toHex(sha512(bytes.subarray(0, size >> 1), bytes.subarray(size >> 1))), expected, `${size} bytes`);
  }
});

test("what is signed here verifies, and the kept key gives no seed away", async () => {
  const pair = await keyPairFromSeed(new Uint8Array(32).fill(7));
  const message = fromHex("00ff");
  await verify(pair.publicKey, message, await sign(pair.privateKey, message));
  await assert.rejects(crypto.subtle.exportKey("pkcs8", pair.privateKey));
  await assert.rejects(keyPairFromSeed(new Uint8Array(31)), Malformed);
});
