import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { equal, fromHex, toBase64, toHex, utf8 } = await load("bytes");
const { formatCanonical, parseCanonical } = await load("canonical_json");
const { decode, encode, Tagged } = await load("cbor");
const cose = await load("cose");
const { keyPairFromSeed, sign } = await load("ed25519");
const { Malformed, Unverified } = await load("errors");
const { thumbprint } = await load("keys");
const { leafHash } = await load("merkle");
const formats = vectors("formats");

async function sameVerdicts(rows, read, kinds) {
  assert.ok(rows.some(({ accepted }) => accepted) && rows.some(({ accepted }) => !accepted));
  for (const { data, accepted } of rows) {
    const outcome = (async () => read(fromHex(data)))();
    const text = Buffer.from(data, "hex").toString().slice(0, 300);
    if (accepted) await assert.doesNotReject(outcome, text);
    else await assert.rejects(outcome, (error) => kinds.some((kind) => error instanceof kind), text);
  }
}

test("JSON is accepted and refused exactly as by the ledger package, and writes back the same bytes", async () => {
  await sameVerdicts(formats.json, parseCanonical, [Malformed]);
  for (const { data } of formats.json.filter(({ accepted }) => accepted))
    assert.equal(toHex(formatCanonical(parseCanonical(fromHex(data)))), data);
});

test("CBOR is accepted and refused exactly as by the ledger package", () => sameVerdicts(formats.cbor, decode, [Malformed]));

test("CBOR that is written reads back, in deterministic form", () => {
  const item = new Tagged(18, [new Map([["b", 1], [-1, 2], [10, 3], ["a", null]]), new Uint8Array(300), "港", -500, 2 ** 40, true]);
  assert.deepEqual(decode(encode(item)), item);
  assert.equal(toHex(encode(new Map([["aa", 1], ["b", 2], [-1, 3], [100, 4]]))), "a4186404200361620262616101");
  assert.throws(() => encode(1.5), TypeError);
});

test("statements are parsed and refused exactly as by the ledger package", () =>
  sameVerdicts(formats.statements, cose.parseStatement, [Malformed]));

test("signatures of statements hold exactly where the ledger package says so", () =>
  sameVerdicts(
    formats.verified,
    (data) => cose.verifyStatement(cose.parseStatement(data), fromHex(formats.key)),
    [Malformed, Unverified],
  ));

test("a statement built and signed here is byte for byte the ledger package's", async () => {
  const expected = fromHex(formats.statements[0].data);
  const { publicKey, privateKey } = await keyPairFromSeed(utf8("f".repeat(32)));
  assert.equal(toHex(thumbprint(publicKey)), formats.thumbprint);
  const { claims, document, leafHash } = cose.parseStatement(expected);
  assert.equal(toHex(leafHash), formats.leaf_hash);
  const parts = cose.statementToSign(document, claims, thumbprint(publicKey));
  const bytes = cose.assembleStatement(parts.protected, parts.payload, await sign(privateKey, parts.toBeSigned));
  assert.ok(equal(bytes, expected));
});

test("the public COSE receipt over Tessera's fifteen words proves entry 6 and nothing else", async () => {
  const receipt = fromHex(
    "d28447a219018b010127a119018ca12081588c830f068458204e1720a15d8361c2be542c4150358094dc662f2dabeddabb74aefe3a5810296b5820c9c46490d925bace5e315454be40f5a4adf6d6f32b03e8e33a264a53c68e718e5820cd8d65377e6fad76003e2c5749de7d2ec536f71509b6e5b8a3674d360e58d82a5820e632e9a93823b010d2117e928198919db4cc753b9177c6d0e6d4ac00ec5ed0abf658404caa8f44e917c587175a43fc7db289ce68e0a787a59bae90dd9279f61116933798a73fbd44e7c91bf87c1b25e8e2fd0fdd2d1416f4bfa91302e6f5c65b9dfc00",
  );
  const { publicKey } = await keyPairFromSeed(Uint8Array.from({ length: 32 }, (_, i) => i));
  const verified = async (bytes, hash, key) => cose.verifyCoseReceipt(cose.parseCoseReceipt(bytes), hash, key);
  const root = await verified(receipt, leafHash(utf8("seven")), publicKey);
  assert.equal(toBase64(root), "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=");
  await assert.rejects(verified(receipt, leafHash(utf8("six")), publicKey), Unverified);
  await assert.rejects(verified(receipt, leafHash(utf8("seven")), fromHex(formats.key)), Unverified);
  const sizeByte = 20; // Nothing signs the tree size in a receipt, which is why a check takes it from the checkpoint.
  assert.equal(receipt[sizeByte], 15);
  for (let bit = 0; bit < receipt.length * 8; bit += 5) {
    if (bit >> 3 === sizeByte) continue;
    const changed = receipt.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(
      verified(changed, leafHash(utf8("seven")), publicKey),
      (error) => error instanceof Unverified || error instanceof Malformed,
      `bit ${bit}`,
    );
  }
});
