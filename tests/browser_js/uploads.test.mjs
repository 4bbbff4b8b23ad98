import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { digestFile } = await load("file_digest");
const { uploadFile } = await load("uploads");

const MIB = 2 ** 20;
const leaf = (chunk) => createHash("sha256").update(Uint8Array.of(0)).update(chunk).digest();
const chunksOf = (bytes) => Array.from({ length: Math.ceil(bytes.length / (4 * MIB)) }, (_, i) => bytes.subarray(i * 4 * MIB, (i + 1) * 4 * MIB));

/** A server that holds what it was sent, and refuses what the protocol forbids. */
function serve(size, { chunkSize, startsAt = 0 }) {
  const kept = new Uint8Array(size);
  const forms = [];
  let offset = startsAt;
  globalThis.fetch = async (_url, { method, headers, body }) => {
    if (method === "POST") return Response.json({ upload: "u", offset, chunk_size: chunkSize }, { status: 201 });
    assert.equal(headers["Upload-Offset"], String(offset));
    assert.ok(body.length > 0 && body.length <= chunkSize);
    const [form, value] = headers["Upload-Checksum"].split(" ");
    const end = offset + body.length;
    if (form === "chunks") {
      assert.equal(offset % (4 * MIB), 0);
      assert.ok(end % (4 * MIB) === 0 || end === size);
    }
    const found = form === "chunks" ? Buffer.concat(chunksOf(body).map(leaf)) : createHash("sha256").update(body).digest();
    assert.equal(value, found.toString("base64"));
    forms.push(`${form} ${body.length}`);
    kept.set(body, offset);
    offset = end;
    return new Response(null, { status: 200, headers: { "Upload-Offset": String(offset) } });
  };
  return { kept, forms };
}

const big = new Uint8Array(25 * MIB + 7).map((_, i) => (i * i) >>> 7);

async function send(bytes, server, hashed = true) {
  const file = new Blob([bytes]);
  const { chunkHashes } = hashed ? await digestFile(file) : {};
  await uploadFile("/up", "token", { versionId: "v", path: "p", file, sha256: "", chunkHashes });
  return server.forms;
}

test("chunks that were hashed before are not hashed again", async () => {
  const server = serve(big.length, { chunkSize: 64 * MIB });
  assert.deepEqual(await send(big, server), [`chunks ${16 * MIB}`, `chunks ${9 * MIB + 7}`]);
  assert.deepEqual(server.kept, big);
});

test("an upload that stopped inside a chunk goes on to its end by the other form", async () => {
  const startsAt = 5 * MIB + 1;
  const server = serve(big.length, { chunkSize: 64 * MIB, startsAt });
  assert.deepEqual(await send(big, server), [`sha256 ${15 * MIB - 1}`, `chunks ${5 * MIB + 7}`]);
  assert.deepEqual(server.kept.subarray(startsAt), big.subarray(startsAt));
});

test("small files, small requests and unknown hashes take the other form", async () => {
  const small = big.subarray(0, 5 * MIB);
  assert.deepEqual(await send(small, serve(small.length, { chunkSize: 64 * MIB })), [`sha256 ${5 * MIB}`]);
  const forms = await send(big, serve(big.length, { chunkSize: 3 * MIB }));
  assert.ok(forms.some((form) => form.startsWith("sha256")));
  assert.deepEqual(await send(big, serve(big.length, { chunkSize: 64 * MIB }), false), [`sha256 ${16 * MIB}`, `sha256 ${9 * MIB + 7}`]);
});
