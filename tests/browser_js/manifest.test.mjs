import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { equal, fromHex, toHex, utf8 } = await load("bytes");
const { Malformed } = await load("errors");
const { digestFile, FileChanged } = await load("file_digest");
const { buildManifest, parseManifest, rowOf } = await load("manifest");
const { checkPaths } = await load("paths");
const { digests, manifests, paths } = vectors("manifests");

function pattern(size) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i % 251;
  return new Blob([bytes]);
}

test("file names are accepted and refused exactly as by the ledger package", () => {
  assert.ok(paths.some(({ accepted }) => accepted) && paths.filter(({ accepted }) => !accepted).length > 40);
  for (const { paths: set, accepted } of paths) {
    if (accepted) assert.doesNotThrow(() => checkPaths(set), JSON.stringify(set));
    else assert.throws(() => checkPaths(set), Malformed, JSON.stringify(set));
  }
});

test("manifests are accepted and refused exactly as by the ledger package", () => {
  assert.ok(manifests.filter(({ accepted }) => accepted).length >= 3);
  for (const { data, accepted, digest } of manifests) {
    const bytes = fromHex(data);
    if (!accepted) assert.throws(() => parseManifest(bytes), Malformed, Buffer.from(bytes).toString());
    else {
      const { digest: own, rows } = parseManifest(bytes);
      assert.equal(toHex(own), digest);
      assert.ok(equal(buildManifest([...rows].reverse()).canonical, bytes));
    }
  }
});

test("files get the ledger package's digests, chunk roots and chunk hashes", async () => {
  for (const expected of digests) {
    let told = 0;
    const found = await digestFile(pattern(expected.size), { onProgress: (bytes) => (told += bytes) });
    assert.equal(toHex(found.sha256), expected.sha256);
    assert.equal(found.chunks ? toHex(found.chunks) : null, expected.chunks);
    assert.deepEqual(found.chunkHashes.map(toHex), expected.chunkHashes);
    assert.equal(told, expected.size);
  }
});

test("hashing stops when told to, and notices a file that changes", async () => {
  const control = new AbortController();
  const stopped = digestFile(pattern(4 * 2 ** 20), { onProgress: () => control.abort(), signal: control.signal });
  await assert.rejects(stopped, { name: "AbortError" });
  const shrinking = { size: 10, slice: () => new Blob([new Uint8Array(9)]) };
  await assert.rejects(digestFile(shrinking), FileChanged);
  const gone = { size: 10, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }) };
  await assert.rejects(digestFile(gone), FileChanged);
});

test("rows of digests make a manifest", async () => {
  const digest = await digestFile(new Blob([utf8("a,b\n1,2\n")]));
  const { rows, canonical } = buildManifest([rowOf("b.csv", "text/csv", digest), rowOf("a.bin", "", digest)]);
  assert.deepEqual(rows.map(({ path, mediaType }) => [path, mediaType]), [["a.bin", "application/octet-stream"], ["b.csv", "text/csv"]]);
  assert.doesNotThrow(() => parseManifest(canonical));
  assert.throws(() => buildManifest([]), Malformed);
  assert.throws(() => buildManifest([rowOf("a", "", digest), rowOf("A", "", digest)]), Malformed);
});
