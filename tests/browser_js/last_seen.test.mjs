// What a browser remembers of a log, without a browser: which states contradict it, and what is kept.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { toBase64, utf8 } = await load("bytes");
const { compareWithMemory, Memory, stateOf } = await load("last_seen");
const { leafHash, rootOf } = await load("merkle");
const { parsePolicy } = await load("policy");

const ORIGIN = "ledger.example/log";

class Storage {
  #kept = new Map();
  get length() { return this.#kept.size; }
  key(place) { return [...this.#kept.keys()][place]; }
  getItem(name) { return this.#kept.get(name) ?? null; }
  setItem(name, text) { this.#kept.set(name, text); }
  removeItem(name) { this.#kept.delete(name); }
}

/** A key of the log: its line of a trust file, and what signs a state of `size` entries named by `name`. */
function logKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
  const id = createHash("sha256").update(Buffer.concat([utf8(`${ORIGIN}\n`), Uint8Array.of(1), key])).digest().subarray(0, 4);
  const vkey = `${ORIGIN}+${id.toString("hex")}+${Buffer.concat([Uint8Array.of(1), key]).toString("base64")}`;
  const note = (leaves) => {
    const text = `${ORIGIN}\n${leaves.length}\n${toBase64(rootOf(leaves))}\n`;
    return `${text}\n— ${ORIGIN} ${Buffer.concat([id, sign(null, utf8(text), privateKey)]).toString("base64")}\n`;
  };
  return { vkey, note };
}

const leaves = (count, name = "entry") => Array.from({ length: count }, (_, i) => leafHash(utf8(`${name} ${i}`)));
const key = logKey();
const other = logKey();
const policyOf = (...keys) => parsePolicy(`${keys.map(({ vkey }) => `log ${vkey}\n`).join("")}quorum none\n`);
const policy = policyOf(key);
const noProof = async () => undefined;
/** From 4 to 8 leaves the proof is the root of the last four. */
const proof = (all) => async () => [rootOf(all.slice(4))];

/** The comparison with a note that is at hand. */
const compare = (memory, note, ...more) => compareWithMemory(memory, async () => note, ...more);

async function seenFour() {
  const memory = new Memory(new Storage(), ORIGIN);
  assert.equal((await compare(memory, key.note(leaves(4)), policy, noProof, 100)).outcome, "first");
  return memory;
}

test("the first state is remembered, and the next one that continues it", async () => {
  const memory = await seenFour();
  assert.deepEqual({ ...memory.read(), note: "" }, { version: 1, note: "", keys: [key.vkey], seen: 100 });
  const asked = [];
  const proofOf = async (old, size) => (asked.push([old, size]), [rootOf(leaves(8).slice(4))]);
  const found = await compare(memory, key.note(leaves(8)), policy, proofOf, 200);
  assert.deepEqual([found.outcome, found.newKey, found.remembered.seen], ["continued", false, 100]);
  assert.deepEqual(asked, [[4, 8]]);
  assert.deepEqual([stateOf(memory.read().note).size, memory.read().seen], [8, 200]);
});

test("the same state again needs no proof", async () => {
  const memory = await seenFour();
  const found = await compare(memory, key.note(leaves(4)), policy, () => assert.fail("asked"), 200);
  assert.deepEqual([found.outcome, memory.read().seen], ["continued", 200]);
});

const rewritten = [...leaves(4, "another"), ...leaves(8).slice(4)];
const ALARMS = {
  "another root at the same size": [key.note(leaves(4, "another")), noProof, "forked"],
  "a proof that leads elsewhere": [key.note(rewritten), proof(rewritten), "forked"],
  "a proof that is too long": [key.note(leaves(8)), async () => [...leaves(2)], "forked"],
  "a proof that is too short": [key.note(leaves(8)), async () => [], "forked"],
  "no proof": [key.note(leaves(8)), noProof, "unproved"],
  "fewer entries": [key.note(leaves(3)), noProof, "shrunk"],
  "a stranger's signature": [other.note(leaves(8)), proof(leaves(8)), "unsigned"],
  "text that is no checkpoint": ["<!doctype html>", noProof, "unsigned"],
};
for (const [name, [note, proofOf, outcome]] of Object.entries(ALARMS))
  test(`${name} raises the alarm, and what was seen stays remembered`, async () => {
    const memory = await seenFour();
    const before = memory.read();
    assert.equal((await compare(memory, note, policy, proofOf, 200)).outcome, outcome);
    assert.deepEqual(memory.read(), before);
  });

test("nothing unsigned is remembered at the first visit", async () => {
  const memory = new Memory(new Storage(), ORIGIN);
  assert.equal((await compare(memory, other.note(leaves(4)), policy, noProof, 1)).outcome, "unsigned");
  assert.equal(memory.read(), undefined);
});

test("a log that went over to another key is told, and still has to continue", async () => {
  const memory = await seenFour();
  const both = policyOf(key, other);
  const forked = await compare(memory, other.note(rewritten), both, proof(rewritten), 200);
  assert.deepEqual([forked.outcome, forked.newKey], ["forked", true]);
  const found = await compare(memory, other.note(leaves(8)), both, proof(leaves(8)), 200);
  assert.deepEqual([found.outcome, found.newKey], ["continued", true]);
  assert.deepEqual(memory.read().keys, [other.vkey]);
});

test("a failure to fetch the proof is no outcome", async () => {
  const memory = await seenFour();
  const failing = async () => { throw new Error("offline"); };
  await assert.rejects(compare(memory, key.note(leaves(8)), policy, failing, 200), /offline/);
  assert.equal(stateOf(memory.read().note).size, 4);
});

test("records that cannot be read count for none, other logs are named, and all can be forgotten", async () => {
  const storage = new Storage();
  const memory = new Memory(storage, ORIGIN);
  for (const broken of ["", "null", "[]", "{", '{"version":1,"keys":[],"note":"x"}', '{"version":2}']) {
    storage.setItem(`datawharf.ledger:${ORIGIN}`, broken);
    assert.equal(memory.read(), undefined, broken);
  }
  storage.setItem("datawharf.ledger:elsewhere", "{}");
  storage.setItem("something", "else");
  assert.deepEqual(memory.others(), ["elsewhere"]);
  storage.removeItem(`datawharf.ledger:${ORIGIN}`);
  assert.equal((await compare(memory, key.note(leaves(4)), policy, noProof, 1)).outcome, "other_log");
  memory.clear();
  assert.equal(storage.length, 1);
});

test("what another page remembers meanwhile is neither taken for a log that went back nor lost", async () => {
  const memory = await seenFour();
  const late = async () => {
    const note = key.note(leaves(4));
    assert.equal((await compare(memory, key.note(leaves(8)), policy, proof(leaves(8)), 150)).outcome, "continued");
    return note;
  };
  assert.equal((await compareWithMemory(memory, late, policy, noProof, 200)).outcome, "continued");
  assert.deepEqual([stateOf(memory.read().note).size, memory.read().seen], [8, 150]);
});
