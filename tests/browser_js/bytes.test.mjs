import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { load } from "./modules.mjs";

const bytes = await load("bytes");
const { Malformed } = await load("errors");
const { digest, Sha256, sha256 } = await load("sha256");

/** Bytes that look random and are the same each time. */
function noise(length, seed = 1) {
  const out = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) out[i] = (x = (Math.imul(x, 1103515245) + 12345) >>> 0) >>> 24;
  return out;
}

test("base64 and hex round trip and have one spelling each", () => {
  for (let length = 0; length < 70; length++) {
    const data = noise(length, length);
    assert.deepEqual(bytes.fromBase64(bytes.toBase64(data)), data);
    assert.deepEqual(bytes.fromHex(bytes.toHex(data)), data);
  }
  for (const bad of ["A", "AA", "AAA", "AB==", "AAB=", "AAAA\n", " AAA", "AA-_", "AAAA====", "=AAA", "A=AA", undefined, 5])
    assert.throws(() => bytes.fromBase64(bad), Malformed, String(bad));
  for (const bad of ["0", "AB", "0g", "00 ", undefined]) assert.throws(() => bytes.fromHex(bad), Malformed, String(bad));
  assert.throws(() => bytes.fromHex("00", 2), Malformed);
});

test("text must be UTF-8 and keeps its byte order mark", () => {
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) assert.throws(() => bytes.fromUtf8(Uint8Array.from(bad)), Malformed);
  assert.equal(bytes.fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), "\ufeffA");
});

test("byte order, joining and integers", () => {
  assert.ok(bytes.compare(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  assert.ok(bytes.compare(Uint8Array.of(2), Uint8Array.of(1, 255)) > 0);
  assert.equal(bytes.toHex(bytes.concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2))), "0102");
  assert.equal(bytes.toHex(bytes.bigEndian(2 ** 40 + 3, 8)), "0000010000000003");
});

test("SHA-256 agrees with OpenSSL for every length around the block size and any cut", async () => {
  for (let length = 0; length <= 200; length++) {
    const data = noise(length, length);
    const expected = createHash("sha256").update(data).digest("hex");
    assert.equal(bytes.toHex(sha256(data)), expected);
    const cut = (length * 7) % (length + 1);
    assert.equal(bytes.toHex(new Sha256().update(data.subarray(0, cut)).update(data.subarray(cut)).digest()), expected);
  }
  const long = noise(3 * 2 ** 20 + 17);
  assert.equal(bytes.toHex(sha256(long)), createHash("sha256").update(long).digest("hex"));
  assert.deepEqual(await digest(long), sha256(long));
});
