import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { fromHex } = await load("bytes");
const { checkPublicKey, keyPairFromSeed, sign, verify } = await load("ed25519");
const { Malformed, Unverified } = await load("errors");
const { keys, signatures } = vectors("ed25519");

test("keys are accepted and refused exactly as by the ledger package", () => {
  assert.ok(keys.some(({ accepted }) => accepted) && keys.filter(({ accepted }) => !accepted).length > 40);
  for (const { name, key, accepted } of keys) {
    if (accepted) checkPublicKey(fromHex(key));
    else assert.throws(() => checkPublicKey(fromHex(key)), Malformed, name);
  }
});

test("signatures are accepted and refused exactly as by the ledger package", async () => {
  assert.ok(signatures.some(({ accepted }) => accepted) && signatures.filter(({ accepted }) => !accepted).length > 80);
  for (const { name, key, message, signature, accepted } of signatures) {
    const outcome = verify(fromHex(key), fromHex(message), fromHex(signature));
    if (accepted) await outcome;
    else await assert.rejects(outcome, (error) => error instanceof Unverified || error instanceof Malformed, name);
  }
});

test("what is signed here verifies, and the kept key gives no seed away", async () => {
  const pair = await keyPairFromSeed(new Uint8Array(32).fill(7));
  const message = fromHex("00ff");
  await verify(pair.publicKey, message, await sign(pair.privateKey, message));
  await assert.rejects(crypto.subtle.exportKey("pkcs8", pair.privateKey));
  await assert.rejects(keyPairFromSeed(new Uint8Array(31)), Malformed);
});
