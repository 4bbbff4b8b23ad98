// The published vectors (tests/vectors, see its README.md), judged by the browser's modules.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { equal, fromBase64, fromHex, toHex, utf8 } = await load("bytes");
const { checkBundle } = await load("check");
const { verifyHistory } = await load("check_history");
const { parseCheckpoint } = await load("checkpoint");
const { parseStatement, verifyStatement } = await load("cose");
const { checkPublicKey } = await load("ed25519");
const { Malformed, Unverified } = await load("errors");
const { digestFile } = await load("file_digest");
const { parseManifest } = await load("manifest");
const { verifyConsistency, verifyInclusion } = await load("merkle");
const { parseNote, parseVkey, verifySignatures } = await load("note");
const { parsePolicy } = await load("policy");

const published = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
const pathOf = ({ path }) => path.map((hash) => fromBase64(hash));

function inclusion({ leafHash, index, size, root, ...found }) {
  verifyInclusion(fromBase64(leafHash), index, size, pathOf(found), fromBase64(root));
}

function consistency({ oldSize, oldRoot, newSize, newRoot, ...found }) {
  verifyConsistency(oldSize, fromBase64(oldRoot), newSize, fromBase64(newRoot), pathOf(found));
}

async function checkpoint({ note, vkey, origin, size, root }) {
  const [parsed, key] = [parseNote(utf8(note)), parseVkey(vkey)];
  await verifySignatures(parsed, [key]);
  const found = parseCheckpoint(parsed.text);
  if (found.origin !== key.name) throw new Unverified("another log's key");
  assert.deepEqual([found.origin, Number(found.size)], [origin, size]); // JSON.parse rounds the largest.
  assert.ok(equal(found.root, fromBase64(root)));
}

async function cosignature({ note, vkey, time }) {
  const parsed = parseNote(utf8(note));
  parseCheckpoint(parsed.text);
  const [found] = await verifySignatures(parsed, [parseVkey(vkey)]);
  assert.equal(found.time, time);
}

async function statement({ entry, key, ...expected }) {
  const found = parseStatement(fromBase64(entry));
  checkPublicKey(fromHex(key));
  await verifyStatement(found, fromHex(key));
  const { iss, sub, aud, iat } = found.claims;
  assert.deepEqual([iss, sub, aud, iat], [expected.issuer, expected.subject, expected.log, expected.issuedAt]);
  assert.equal(toHex(found.kid), expected.keyId);
  assert.ok(equal(found.leafHash, fromBase64(expected.leafHash)));
}

const readers = { inclusion, consistency, checkpoints: checkpoint, cosignatures: cosignature, statements: statement };

for (const [name, read] of Object.entries(readers)) {
  test(`every published verdict on ${name} is this verifier's`, async () => {
    const cases = published(name);
    for (const verdict of ["accept", "refuse"]) assert.ok(cases.some((found) => found.verdict === verdict));
    for (const found of cases) {
      const outcome = (async () => read(found))();
      const refused = (error) => error instanceof Malformed || error instanceof Unverified;
      if (found.verdict === "accept") await assert.doesNotReject(outcome, found.name);
      else await assert.rejects(outcome, refused, `${found.name} was accepted`);
    }
  });
}

const failing = ({ steps }) => steps.filter(({ outcome }) => outcome === "failed").map(({ code }) => code);

test("every published receipt fails at its steps, or passes", async () => {
  for (const { name, receipt, trust, manifest, files, now, ...expected } of published("receipts")) {
    const digests = new Map();
    for (const [path, content] of Object.entries(files)) digests.set(path, await digestFile(new Blob([fromBase64(content)])));
    const report = await checkBundle(utf8(receipt), parsePolicy(trust), {
      manifest: manifest === null ? undefined : parseManifest(utf8(manifest)),
      files: digests,
      now: now ?? undefined,
    });
    assert.deepEqual(failing(report), expected.failing, name);
    assert.equal(["failed", "unreadable"].includes(report.outcome) ? "refuse" : "accept", expected.verdict, name);
  }
});

test("every published history fails at its steps, or passes", async () => {
  for (const { name, history, trust, key, atLeast, rebuilt, ...expected } of published("histories")) {
    const report = await verifyHistory(utf8(history), parsePolicy(trust), {
      key: key ?? undefined,
      atLeast: atLeast ?? undefined,
      rebuilt: rebuilt === null ? undefined : fromHex(rebuilt),
    });
    assert.deepEqual(failing(report), expected.failing, name);
    assert.equal(failing(report).length ? "refuse" : "accept", expected.verdict, name);
  }
});
