// Checks a history against a trust file, step by step, without a network: the steps, outcomes, causes and details of
// ledger/index/check.py. No DOM. What is trusted is the trust file alone; from there:
//   trust file → log key → checkpoint (size, root) → entry 0 and the statement that names the index → index key
//   → index checkpoint → newest state (map root) → the key's list, complete → each entry of it.
import { equal, utf8 } from "./bytes.js";
import { verifyLogPolicy } from "./bindings.js";
import { parseCheckpoint } from "./checkpoint.js";
import { parseStatement } from "./cose.js";
import { Malformed, Unverified } from "./errors.js";
import { depends, Finding, isLedgerError, orFind, report, runStep } from "./finding.js";
import { parseHistory } from "./history.js";
import { keysOf } from "./index_keys.js";
import { indexOrigin, parseState, verifyAnnouncement } from "./index_log.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { parseNote, verifySignatures } from "./note.js";
import { fingerprint } from "./policy.js";
import { sha256 } from "./sha256.js";
import { commitIndices, rootOfPath } from "./trie.js";
import { cosignatures, missingQuorum, sortedNames } from "./witnesses.js";

/** The steps, in the order in which a report shows them. */
export const CODES = [
  "readable", "asked", "history_log", "index_key", "index_log", "index_state", "recent", "map", "entries", "mapped",
  "history_witnesses", "rebuilt",
];

function read(data, trust, options) {
  const history = parseHistory(data);
  const [note, indexNote] = [parseNote(history.checkpoint), parseNote(history.indexCheckpoint)];
  const claimed = parseCheckpoint(note.text);
  const state = parseState(history.state.entry);
  return { ...options, history, trust, note, indexNote, claimed, state, index: indexOrigin(claimed.origin) };
}

function checkAsked({ history: { key }, key: asked }) {
  if (asked === undefined) throw new Finding("not_run", "none_required", { key });
  if (asked !== key) throw new Finding("failed", "", { key, asked });
  return { key };
}

const keysOfLog = ({ trust }, origin) => trust.logs.map(({ verifier }) => verifier).filter(({ name }) => name === origin);

async function checkLog(found) {
  const { origin } = found.claimed;
  const keys = keysOfLog(found, origin);
  if (!keys.length) throw new Finding("failed", "unknown_log", { origin });
  await orFind(() => verifySignatures(found.note, keys), () => new Finding("failed", "signature", { origin }));
  found.checkpoint = found.claimed;
  return { origin, size: found.checkpoint.size, trust: fingerprint(found.trust).slice(0, 16) };
}

const verifyLocated = ({ entry, index, path }, { size, root }) =>
  verifyInclusion(leafHash(entry), index, size, path, root);

function isLocated(located, checkpoint) {
  try {
    verifyLocated(located, checkpoint);
    return true;
  } catch (error) {
    if (!(error instanceof Unverified)) throw error;
    return false;
  }
}

/** {log, entry}: the index's key as the platform names it, and in which entry, by way of entry 0. */
async function announced(found) {
  const { history, checkpoint } = found;
  const [first, named, ...more] = history.supporting;
  if (first.index !== 0 || !named || more.length) throw new Malformed("it is not entry 0 and one more");
  verifyLocated(first, checkpoint);
  verifyLocated(named, checkpoint);
  const policy = await verifyLogPolicy(parseStatement(first.entry));
  const known = keysOfLog(found, checkpoint.origin).some(({ vkey }) => vkey === policy.log.vkey);
  if (policy.origin !== checkpoint.origin || !known)
    throw new Unverified("entry 0 names another ledger, or another key of it");
  const { log } = await verifyAnnouncement(parseStatement(named.entry), policy);
  return { log, entry: named.index };
}

async function checkIndexKey(found) {
  depends(found.checkpoint);
  const { index } = found;
  const trusted = keysOfLog(found, index);
  const unusable = ({ message }) => new Finding("failed", "unusable", { reason: message });
  const said = found.history.supporting.length ? await orFind(() => announced(found), unusable) : undefined;
  if (!trusted.length && !said) throw new Finding("failed", "unknown", { index });
  if (trusted.length && said && !trusted.some(({ vkey }) => vkey === said.log.vkey))
    throw new Finding("failed", "contradicts", { index });
  found.indexKeys = trusted.length ? trusted : [said.log];
  return trusted.length ? { cause: "trusted", index } : { cause: "announced", index, entry: said.entry };
}

async function checkIndexLog(found) {
  const keys = depends(found.indexKeys);
  const { index, indexNote } = found;
  const opened = async () => {
    await verifySignatures(indexNote, keys);
    const checkpoint = parseCheckpoint(indexNote.text);
    if (checkpoint.origin !== index) throw new Unverified("the checkpoint is of another log");
    return checkpoint;
  };
  found.indexCheckpoint = await orFind(opened, () => new Finding("failed", "signature", { index }));
  return { index, size: found.indexCheckpoint.size };
}

function checkState(found) {
  const { origin, size, root } = depends(found.checkpoint);
  const under = depends(found.indexCheckpoint);
  const { state, history } = found;
  if (BigInt(history.state.index) !== BigInt(under.size) - 1n)
    throw new Finding("failed", "not_newest", { found: history.state.index, size: under.size });
  if (!isLocated(history.state, under)) throw new Finding("failed", "proof");
  if (state.origin !== origin || state.size !== size || !equal(state.root, root))
    throw new Finding("failed", "other_log", { found: state.origin, found_size: state.size, origin, size });
  found.newest = state;
  return { size };
}

function checkRecent(found) {
  const { size } = depends(found.newest);
  if (found.atLeast === undefined) throw new Finding("not_run", "none_required", { size });
  if (size < found.atLeast) throw new Finding("failed", "", { size, needed: found.atLeast });
  return { size, needed: found.atLeast };
}

function leadsTo(mapRoot, hashed, leaf, path) {
  try {
    return equal(rootOfPath(hashed, leaf, path), mapRoot);
  } catch (error) {
    if (!(error instanceof Unverified)) throw error;
    return false;
  }
}

function checkMap(found) {
  const { size, mapRoot } = depends(found.newest);
  const { key, indices, other, mapPath } = found.history;
  const hashed = sha256(utf8(key));
  const last = indices.at(-1);
  if (last >= size) throw new Finding("failed", "beyond", { found: last, size });
  const holds = leadsTo(mapRoot, hashed, other ?? { key: hashed, list: commitIndices(indices) }, mapPath);
  if (other) {
    if (!holds || equal(other.key, hashed)) throw new Finding("failed", "denied", { key });
    return { cause: "absent", key, size };
  }
  if (!holds) throw new Finding("failed", "incomplete", { key, count: indices.length });
  return { cause: "present", key, count: indices.length };
}

function shown({ history: { indices, entries } }) {
  if (!indices.length) throw new Finding("not_run", "none");
  if (!entries) throw new Finding("not_run", "left_out");
  return entries;
}

function checkEntries(found) {
  const checkpoint = depends(found.checkpoint);
  const entries = shown(found);
  for (const located of entries)
    if (!isLocated(located, checkpoint)) throw new Finding("failed", "proof", { entry: located.index });
  return { count: entries.length };
}

function checkMapped(found) {
  const { key } = found.history;
  for (const { entry, index } of shown(found))
    if (!keysOf(entry).includes(key)) throw new Finding("failed", "", { entry: index, key });
  return { key };
}

async function checkWitnesses(found) {
  const { trust, note, indexNote, index } = found;
  const { origin } = depends(found.checkpoint);
  depends(found.indexCheckpoint);
  const names = new Set();
  for (const [of, signed] of [[origin, note], [index, indexNote]]) {
    const cosigned = await cosignatures(signed, trust);
    const missing = missingQuorum(trust, cosigned, { origin: of });
    if (missing) throw missing;
    for (const name of cosigned.times.keys()) names.add(name);
  }
  if (trust.quorum === undefined) throw new Finding("not_run", "none_required");
  return { names: sortedNames(names) };
}

function checkRebuilt(found) {
  const { mapRoot } = depends(found.newest);
  if (!found.rebuilt) throw new Finding("not_run", "");
  if (!equal(found.rebuilt, mapRoot)) throw new Finding("failed", "");
  return {};
}

const CHECKS = [
  ["asked", checkAsked], ["history_log", checkLog], ["index_key", checkIndexKey], ["index_log", checkIndexLog],
  ["index_state", checkState], ["recent", checkRecent], ["map", checkMap], ["entries", checkEntries],
  ["mapped", checkMapped], ["history_witnesses", checkWitnesses], ["rebuilt", checkRebuilt],
];

/**
 * Checks history bytes against a parsed trust file. `key` is what was asked for, `atLeast` a number of entries that the
 * log is known to have had, `rebuilt` (32 bytes) the map's root by somebody who made it again from the log. Returns
 * {outcome, steps: [{code, outcome, cause, params}], history (parsed, or undefined)}; nothing in a history makes it throw.
 */
export async function verifyHistory(data, trust, { key, atLeast, rebuilt } = {}) {
  let found;
  try {
    found = read(data, trust, { key, atLeast, rebuilt });
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const readable = { code: "readable", outcome: "failed", cause: "history", params: { reason: error.message } };
    const unread = CODES.slice(1).map((code) => ({ code, outcome: "not_run", cause: "depends", params: {} }));
    return { ...report([readable, ...unread]), history: undefined };
  }
  const steps = [{ code: "readable", outcome: "passed", cause: "history", params: {} }];
  for (const [code, check] of CHECKS) steps.push(await runStep(code, () => check(found)));
  return { ...report(steps), history: found.history };
}
