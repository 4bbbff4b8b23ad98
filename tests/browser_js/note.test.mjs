import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { fromBase64, toBase64, toHex, utf8 } = await load("bytes");
const { parseCheckpoint } = await load("checkpoint");
const { keyPairFromSeed } = await load("ed25519");
const { Malformed, Unverified } = await load("errors");
const { keyId, parseNote, parseVkey, verifySignatures } = await load("note");

const open = (note, ...vkeys) => verifySignatures(parseNote(utf8(note)), vkeys.map(parseVkey));

const FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const FOO_NOTE =
  "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const TESSERA_3 =
  "example.com/log/testdata\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n\n— example.com/log/testdata M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg=\n";
const WITNESS = "witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const WITNESS_LINE =
  "— witness.example/w1 519lMgAAAABpUkfAJCZ28snxR7+IpMeJNGP/Xqcp2rZFV1dfdZQKPFK6JmyRZkddLXfODjWKwSxgdAVn+3D/XEf9US/XWMBh5HJpCA==\n";

test("published notes verify", async () => {
  assert.equal((await open(FOO_NOTE, FOO)).length, 1);
  assert.equal((await open(PETER_NOTE, PETER)).length, 1);
  assert.equal((await open(TESSERA_3, TESSERA, FOO))[0].verifier.name, "example.com/log/testdata");
  const { origin, size } = parseCheckpoint(parseNote(utf8(TESSERA_3)).text);
  assert.deepEqual([origin, size], ["example.com/log/testdata", 3]);
});

test("a cosignature states its time", async () => {
  const verified = await open(TESSERA_3 + WITNESS_LINE, TESSERA, WITNESS);
  assert.deepEqual(verified.map(({ time }) => time), [undefined, 1767000000]);
});

test("key of the seed 00..1f", async () => {
  const { publicKey } = await keyPairFromSeed(Uint8Array.from({ length: 32 }, (_, i) => i));
  assert.equal(toHex(publicKey), "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
  assert.equal(toHex(keyId("data.example/ledger", 1, publicKey)), "322a6b6c");
});

test("no proper part and no changed byte of a vkey is a vkey", () => {
  for (let from = 0; from < PETER.length; from++)
    for (let to = from; to <= PETER.length; to++)
      if (to - from < PETER.length) assert.throws(() => parseVkey(PETER.slice(from, to)), Malformed, PETER.slice(from, to));
  for (let i = 0; i < PETER.length; i++) {
    const changed = PETER.slice(0, i) + String.fromCharCode(PETER.charCodeAt(i) + 1) + PETER.slice(i + 1);
    assert.throws(() => parseVkey(changed), Malformed, changed);
  }
  assert.throws(() => parseVkey("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="), Malformed);
  assert.throws(() => parseVkey("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), Malformed);
});

test("a note by nobody known, or with one bad line of a known key, is refused", async () => {
  await assert.rejects(open(FOO_NOTE, PETER), Unverified);
  await assert.rejects(open(FOO_NOTE.replace("example message", "exemple message"), FOO), Unverified);
  const [text, line] = PETER_NOTE.split("\n\n");
  const data = fromBase64(line.trim().split(" ")[2]);
  data[10] ^= 1;
  const bad = `— PeterNeumann ${toBase64(data)}\n`;
  await assert.rejects(open(`${text}\n\n${line}${bad}`, PETER), Unverified);
  await assert.rejects(open(`${text}\n\n${bad}${line}`, PETER), Unverified);
  assert.equal((await open(`${text}\n\n${line}${line}`, PETER)).length, 1);
});

test("what is no note", () => {
  const bad = ["", "text\n", "text\n\n", "text\n\n\n", "text\n\n— a AAAAAAA=", "a\tb\n\n— a AAAAAAA=\n", "t\n\n- a AAAAAAA=\n",
    "t\n\n— a b AAAAAAA=\n", "t\n\n— a AAAA\n", "t\n\n— a+b AAAAAAA=\n", "t\n\n—  AAAAAAA=\n", "t\n\n— a AAAAAAB=\n"];
  for (const text of bad) assert.throws(() => parseNote(utf8(text)), Malformed, JSON.stringify(text));
  assert.throws(() => parseNote(utf8(`t\n\n${"— a AAAAAAA=\n".repeat(101)}`)), Malformed);
  assert.equal(parseNote(utf8(`t\n\n${"— a AAAAAAA=\n".repeat(100)}`)).signatures.length, 100);
});

test("what is no checkpoint", () => {
  const root = "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=";
  parseCheckpoint(`a\n3\n${root}\n`);
  for (const text of [`a\n03\n${root}\n`, `a\n-3\n${root}\n`, `\n3\n${root}\n`, `a b\n3\n${root}\n`, `a\n3\n${root}\nmore\n`,
    `a\n3\n${root}`, `a\n3\n${root.slice(4)}\n`, `a\n0\n${root}\n`, `a\n3\n`, `a\n9223372036854775808\n${root}\n`])
    assert.throws(() => parseCheckpoint(text), Malformed, JSON.stringify(text));
});
