import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { fromBase64, toBase64, utf8 } = await load("bytes");
const { checkBundle, CODES, subjectDigest } = await load("check");
const { loadWords } = await load("check_words");
const { digestFile } = await load("file_digest");
const { parseManifest } = await load("manifest");
const { parseVkey } = await load("note");
const { parsePolicy } = await load("policy");
const cases = vectors("receipts");
const words = await Promise.all(["en", "zh"].map(loadWords));

const bytesOf = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

async function check({ data, trust, manifest, files, now }) {
  const digests = new Map();
  for (const [name, content] of Object.entries(files)) digests.set(name, await digestFile(new Blob([fromBase64(content)])));
  return checkBundle(bytesOf(data), parsePolicy(trust), {
    manifest: manifest === null ? undefined : parseManifest(utf8(manifest)),
    files: digests,
    now: now ?? undefined,
  });
}

const reports = await Promise.all(cases.map(check));

const bare = ({ code, outcome, cause, params: { reason, ...params } }) => ({ code, outcome, cause, params });

test("every receipt gets the ledger package's report: outcome, steps, causes and details", () => {
  assert.ok(cases.length > 300);
  for (const [i, expected] of cases.entries()) {
    const report = reports[i];
    assert.deepEqual(report.steps.map(({ code }) => code), CODES);
    assert.deepEqual(
      { outcome: report.outcome, steps: report.steps.map(bare) },
      { outcome: expected.outcome, steps: expected.steps.map(bare) },
      expected.name,
    );
  }
});

test("every step is said in the ledger package's sentences", () => {
  for (const [i, expected] of cases.entries()) {
    reports[i].steps.forEach((step, place) => {
      const own = words.map(({ stepSentence }) => stepSentence(step));
      const { sentences } = expected.steps[place];
      if (sentences) assert.deepEqual(own, sentences, expected.name);
      else assert.ok(own.every((sentence) => sentence.includes(step.params.reason)), expected.name);
    });
  }
});

test("the receipts show every outcome, and every cause of a failure that a receipt can have", async () => {
  const outcomes = new Set(cases.map(({ outcome }) => outcome));
  for (const outcome of ["passed_with_gaps", "failed", "unreadable"]) assert.ok(outcomes.has(outcome), outcome);
  const names = ({ code, outcome, cause, params }) => {
    const name = [code, outcome, cause].filter(Boolean).join(".");
    return params.files === 1 ? [`${name}.one`] : [name];
  };
  const seen = new Set(cases.flatMap(({ steps }) => steps.flatMap(names)));
  const { WORDS } = await load("check_words_en");
  const missing = Object.keys(WORDS).filter((words) => !seen.has(words));
  const notFromReceipts = ["fingerprint.failed.unreadable", "witnesses.failed.unsupported"];
  const ofPieces = ["readable.passed.parts", "cose_receipt.passed.alone"];
  const ofTimestamps = ["time.passed.authority", "time.warning.unsupported", "time.failed.timestamp"];
  assert.deepEqual(missing.sort(), [...notFromReceipts, ...ofPieces, ...ofTimestamps].sort());
});

test("a witness that no browser can check completes no quorum, and its line is not called wrong", async () => {
  const plain = cases.find(({ name }) => name === "plain");
  const [, vkey] = /witness w5 (\S+)/.exec(vectors("policies").good.find(({ name }) => name === "ml-dsa").text);
  const { name, id } = parseVkey(vkey);
  const bundle = JSON.parse(new TextDecoder().decode(bytesOf(plain.data)));
  const line = `\u2014 ${name} ${toBase64(Uint8Array.of(...id, ...new Uint8Array(2428)))}\n`;
  const trust = plain.trust.replace(/^group[^]*|^quorum[^]*/m, "");
  const judge = async (checkpoint, quorum) => {
    const data = String.fromCharCode(...utf8(JSON.stringify({ ...bundle, checkpoint })));
    const { steps } = await check({ ...plain, data, trust: `${trust}witness w5 ${vkey}\nquorum ${quorum}\n` });
    return steps.find(({ code }) => code === "witnesses");
  };
  const { outcome, cause, params } = await judge(bundle.checkpoint + line, "w5");
  assert.deepEqual([outcome, cause, params], ["failed", "unsupported", { names: ["w5"] }]);
  assert.equal((await judge(bundle.checkpoint, "w5")).cause, "too_few");
  assert.equal((await judge(bundle.checkpoint + line, "none")).cause, "none_required");
});

test("a receipt's data digest can be read before it is checked", () => {
  const plain = cases.find(({ name }) => name === "plain");
  assert.match(subjectDigest(bytesOf(plain.data)), /^[0-9a-f]{64}$/);
  assert.equal(subjectDigest(utf8("{}")), undefined);
});
