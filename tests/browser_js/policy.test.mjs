import assert from "node:assert/strict";
import { test } from "node:test";
import { load, vectors } from "./modules.mjs";

const { Malformed } = await load("errors");
const { fingerprint, parsePolicy, quorumMet } = await load("policy");
const { good, others } = vectors("policies");

test("trust files have the ledger package's fingerprints, whatever their layout", () => {
  assert.ok(good.length > 8);
  for (const { name, text, fingerprint: expected } of good) assert.equal(fingerprint(parsePolicy(text)), expected, name);
});

test("each set of witnesses meets the quorum exactly where the ledger package says so", () => {
  let met = 0;
  for (const { name, text, quorums } of good) {
    const policy = parsePolicy(text);
    for (const { signed, met: expected } of quorums) {
      const verifiers = policy.witnesses.filter((witness) => signed.includes(witness.name)).map(({ verifier }) => verifier);
      assert.equal(quorumMet(policy, verifiers), expected, `${name}: ${signed}`);
      met += expected;
    }
  }
  assert.ok(met > 10);
});

test("what is no trust file is refused", () => {
  assert.ok(others.length > 30 && others.every(({ accepted }) => !accepted));
  for (const { text } of others) assert.throws(() => parsePolicy(text), Malformed, JSON.stringify(text));
});
