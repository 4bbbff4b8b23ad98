import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { fromHex, fromUtf8, toBase64, utf8 } = await load("bytes");
const { CODES, verifyHistory } = await load("check_history");
const { loadWords } = await load("check_words");
const { keysOf } = await load("index_keys");
const { parseVkey } = await load("note");
const { parsePolicy } = await load("policy");
const cases = vectors("histories");
const words = await Promise.all(["en", "zh"].map(loadWords));

const decoded = (latin1) => fromUtf8(Uint8Array.from(latin1, (char) => char.charCodeAt(0)));

const check = ({ data, trust, key, atLeast, rebuilt }) =>
  verifyHistory(Uint8Array.from(data, (char) => char.charCodeAt(0)), parsePolicy(trust), {
    key: key ?? undefined,
    atLeast: atLeast ?? undefined,
    rebuilt: rebuilt === null ? undefined : fromHex(rebuilt, 32),
  });

const reports = await Promise.all(cases.map(check));

const bare = ({ code, outcome, cause, params: { reason, ...params } }) => ({ code, outcome, cause, params });

test("every history gets the ledger package's report: outcome, steps, causes and details", () => {
  assert.ok(cases.length > 100);
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

test("every step and outcome is said in the ledger package's sentences", () => {
  for (const [i, expected] of cases.entries()) {
    assert.deepEqual(words.map(({ outcomeSentence }) => outcomeSentence(reports[i].outcome, "history")), expected.said);
    reports[i].steps.forEach((step, place) => {
      const own = words.map(({ stepSentence }) => stepSentence(step));
      const { sentences } = expected.steps[place];
      if (sentences) assert.deepEqual(own, sentences, expected.name);
      else assert.ok(own.every((sentence) => sentence.includes(step.params.reason)), expected.name);
    });
  }
});

test("the form of a history is not named after a receipt", () => {
  const named = (cause) => words.map(({ stepName }) => stepName({ code: "readable", cause }));
  assert.deepEqual(named("history"), ["the form of the history", "历史记录格式"]);
  assert.deepEqual(named("parts"), ["the receipt's form", "回执格式"]);
});

test("the histories show every cause that a history can have", async () => {
  const name = ({ code, outcome, cause }) => [code, outcome, cause].filter(Boolean).join(".");
  const seen = new Set(cases.flatMap(({ steps }) => steps.map(name)));
  const { WORDS } = await load("history_words_en");
  const missing = Object.keys(WORDS).filter((words) => !seen.has(words) && !words.startsWith("key_not_revoked"));
  assert.deepEqual(missing, ["history_witnesses.failed.unsupported"]);
});

test("a witness that no browser can check completes no quorum, and its line is not called wrong", async () => {
  const { data, ...plain } = cases.find(({ name }) => name === "present");
  const [, vkey] = /witness w5 (\S+)/.exec(vectors("policies").good.find(({ name }) => name === "ml-dsa").text);
  const { name, id } = parseVkey(vkey);
  const line = `\u2014 ${name} ${toBase64(Uint8Array.of(...id, ...new Uint8Array(2428)))}\\n`;
  const signed = String.fromCharCode(...utf8(decoded(data).replace(/(\\n\\n[^"]*)"/g, `$1${line}"`)));
  const judge = async (quorum) => {
    const trust = plain.trust.replace(/^quorum.*/m, `witness w5 ${vkey}\nquorum ${quorum}`);
    return (await check({ ...plain, data: signed, trust })).steps.find(({ code }) => code === "history_witnesses");
  };
  const { outcome, cause, params } = await judge("w5");
  assert.deepEqual([outcome, cause, params.names], ["failed", "unsupported", ["w5"]]);
  assert.ok(words.every(({ stepSentence }) => stepSentence({ code: "history_witnesses", outcome, cause, params }).includes("w5")));
  assert.equal((await judge("none")).cause, "none_required");
});

test("an entry has the keys that the ledger package finds in it", () => {
  const example = vectors("index_keys");
  assert.ok(example.length > 5);
  for (const { hex, keys } of example) assert.deepEqual(keysOf(fromHex(hex)).sort(), [...keys].sort());
});
