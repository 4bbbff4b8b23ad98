import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { fromBase64, utf8 } = await load("bytes");
const { checkAll } = await load("batch");
const { loadWords } = await load("check_words");
const { Malformed } = await load("errors");
const { kindOf, linesOf, parsePiece } = await load("pieces");
const { parsePolicy } = await load("policy");
const found = vectors("pieces");
const trust = parsePolicy(found.trust);
const words = await Promise.all(["en", "zh"].map(loadWords));
const file = (name) => ({ name, bytes: fromBase64(found.files[name]) });

async function outcomesOf(...names) {
  const [{ report, ...result }, ...more] = await checkAll(names.map(file), trust, { now: found.now });
  assert.deepEqual(more, []);
  for (const step of report.steps) for (const { stepSentence } of words) assert.ok(stepSentence(step), step.code);
  for (const { outcomeSentence } of words) assert.ok(outcomeSentence(report.outcome, result.kind));
  const ran = Object.fromEntries(report.steps.map(({ code, outcome, cause }) => [code, [outcome, cause].filter(Boolean).join(" ")]));
  return { outcome: report.outcome, ...ran };
}

test("what a file is, its content says", () => {
  for (const [name, kind] of Object.entries(found.kinds)) assert.equal(kindOf(file(name).bytes), kind ?? undefined, name);
  assert.equal(kindOf(new Uint8Array()), undefined);
});

test("a tlog-proof alone shows that the log signed, and not of what it is a proof", async () => {
  const { outcome, ...ran } = await outcomesOf("tlog-proof");
  assert.equal(outcome, "incomplete");
  assert.equal(ran.readable, "passed parts");
  assert.equal(ran.log_signature, "passed");
  for (const code of ["included", "log_policy", "cose_receipt", "statement_signature", "key_binding", "time"])
    assert.equal(ran[code], "not_run not_given", code);
});

test("a tlog-proof with its statement proves inclusion", async () => {
  for (const names of [["tlog-proof", "statement"], ["statement", "tlog-proof"], ["tlog-proof", "transparent"]]) {
    const { outcome, ...ran } = await outcomesOf(...names);
    assert.equal(outcome, "passed_with_gaps");
    assert.deepEqual([ran.log_signature, ran.included], ["passed", "passed"]);
    assert.equal(ran.log_policy, "not_run not_given");
  }
  const wrong = await outcomesOf("tlog-proof", "other statement");
  assert.deepEqual([wrong.outcome, wrong.included], ["failed", "failed proof"]);
});

test("a COSE receipt or a transparent statement alone shows nothing, for its keys are in entry 0", async () => {
  for (const name of ["cose", "transparent", "statement"]) {
    const { outcome, ...ran } = await outcomesOf(name);
    assert.equal(outcome, "incomplete", name);
    assert.equal(ran.readable, "passed parts");
    assert.ok(!Object.entries(ran).some(([code, said]) => code !== "readable" && said.startsWith("passed")), name);
  }
});

test("beside any receipt of the log by the same signer, a transparent statement passes", async () => {
  const lent = async (piece, lender) => {
    const results = await checkAll([file(piece), file(lender)], trust, { now: found.now });
    assert.equal(results.length, 2);
    return results[1].report;
  };
  const passing = ({ steps }) => steps.filter(({ outcome }) => outcome === "passed").map(({ code }) => code);
  const same = await lent("transparent", "bundle");
  for (const code of ["statement_signature", "log_policy", "key_binding", "included", "log_signature", "cose_receipt", "time"])
    assert.ok(passing(same).includes(code), code);
  const older = await lent("transparent", "older bundle");
  assert.deepEqual(older.steps.find(({ code }) => code === "cose_receipt").cause, "alone");
  assert.equal(older.outcome, "passed_with_gaps");
  for (const step of older.steps) for (const { stepSentence } of words) assert.ok(stepSentence(step));
  for (const [piece, step] of [["transparent of another entry", "cose_receipt"], ["transparent, resigned", "statement_signature"]]) {
    const { outcome, steps } = await lent(piece, "older bundle");
    assert.equal(outcome, "failed", piece);
    assert.ok(steps.some(({ code, outcome }) => code === step && outcome === "failed"), piece);
  }
});

test("broken pieces are refused, and a batch goes on", async () => {
  for (const name of ["tlog-proof", "cose", "transparent", "statement"]) {
    const { bytes } = file(name);
    for (let cut = 1; cut < bytes.length; cut += 13)
      assert.throws(() => parsePiece(bytes.subarray(0, cut)), (error) => error instanceof Malformed, `${name} ${cut}`);
  }
  const cut = { name: "cut", bytes: file("cose").bytes.subarray(0, 99) };
  const results = await checkAll([cut, file("bundle")], trust, { now: found.now });
  assert.deepEqual(results.map(({ name, report }) => [name, report.outcome]), [["cut", "unreadable"], ["bundle", "passed_with_gaps"]]);
});

test("a thousand receipts, one to a line, are told apart", async () => {
  const line = new TextDecoder().decode(file("bundle").bytes);
  const lines = Array.from({ length: 1000 }, (_, i) => (i === 500 ? line.replace('"index":4', '"index":5') : line));
  const bytes = utf8(`${lines.join("\n")}\n`);
  assert.equal(linesOf(bytes).length, 1000);
  const told = [];
  const onProgress = (done, total) => told.push(done / total);
  const results = await checkAll([{ name: "all.jsonl", bytes }], trust, { now: found.now, onProgress });
  const failed = results.filter(({ report }) => report.outcome === "failed");
  assert.deepEqual(failed.map(({ name }) => name), ["all.jsonl:501"]);
  assert.ok(told.every((share, i) => !i || share > told[i - 1]));
  const aborted = new AbortController();
  aborted.abort();
  await assert.rejects(checkAll([{ name: "", bytes }], trust, { signal: aborted.signal }), { name: "AbortError" });
});
