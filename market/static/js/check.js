// Checks a receipt against a trust file, step by step, without a network: the steps, outcomes, causes and details of
// ledger/check.py. No DOM. What is trusted is the trust file alone; from there:
//   trust file → log key → checkpoint (size, root) → entry 0 (platform, receipt and time key) → key binding → statement
//   → manifest, data and sealed contents.
import { compare, equal, toHex, utf8 } from "./bytes.js";
import { KEY_BINDING, parseKeyBinding, verifyKeyBinding, verifyLogPolicy } from "./bindings.js";
import { parseCheckpoint } from "./checkpoint.js";
import { parseCoseReceipt, parseStatement, receiptHeader, verifyCoseReceipt, verifyStatement } from "./cose.js";
import { Malformed, Unverified } from "./errors.js";
import { depends, Finding, orFind, report, runStep } from "./finding.js";
import { thumbprint } from "./keys.js";
import { verifyInclusion } from "./merkle.js";
import { parseNote, verifySignatures } from "./note.js";
import { fingerprint } from "./policy.js";
import { opens, parseBundle } from "./receipt.js";
import { once } from "./verifying.js";
import { cosignatures, cosignedAt, missingQuorum, sortedNames } from "./witnesses.js";

/** The steps, in the order in which a report shows them. */
export const CODES = [
  "readable", "fingerprint", "statement_signature", "log_policy", "key_binding", "included", "log_signature",
  "cose_receipt", "time", "witnesses", "openings", "key_not_revoked",
];
const CLOCK_TOLERANCE = 300; // Seconds by which two honest clocks may differ.

/** `value`, which the file at hand has or has not: a bundle has all, the other forms of a receipt have parts of it. */
const given = (value) => {
  if (value === undefined) throw new Finding("not_run", "not_given");
  return value;
};

const read = new WeakMap();

/** An entry that many receipts bring along, with its statement read and the trees that it is known to be in. */
function shared(entry) {
  if (!read.has(entry)) read.set(entry, { ...entry, statement: parseStatement(entry.statement), known: new Map() });
  return read.get(entry);
}

/** Of one text always the same note. */
const readNote = (checkpoint) =>
  once("checkpoint", new TextDecoder("latin1").decode(checkpoint), () => {
    const note = parseNote(checkpoint);
    return { note, claimed: parseCheckpoint(note.text) };
  });

const readReceipt = (bytes) => ({ bytes, ...parseCoseReceipt(bytes) });

/**
 * What there is to check: main {statement, index, path}, of which pieces lack some; the note, which they may lack too;
 * receipts; supporting entries, under the checkpoint `under` of `lender` (the receipt itself, if it is a bundle).
 */
function readBundle(data, trust, now) {
  const bundle = parseBundle(data);
  const { statement, index, path, openings } = bundle;
  const found = {
    trust, now, openings,
    ...readNote(bundle.checkpoint),
    receipts: [readReceipt(bundle.coseReceipt)],
    main: { statement: parseStatement(statement), index, path },
    supporting: bundle.supporting.map(shared),
    witnessTimes: new Map(),
  };
  return Object.assign(found, { lender: found });
}

function readPieces(pieces, trust, now, lender) {
  const [{ statement } = {}, { checkpoint, ...proof } = {}, { coseReceipts = [] } = {}] =
    ["statement", "checkpoint", "coseReceipts"].map((name) => pieces.find((piece) => piece[name]));
  const receipts = coseReceipts.map(readReceipt);
  const { index, path, size } = checkpoint ? proof : (receipts[0] ?? {});
  const sameTree = lender && !checkpoint && lender.claimed.size === size;
  return {
    trust, now, lender, receipts, openings: [], supporting: lender?.supporting,
    ...(checkpoint ? readNote(checkpoint) : sameTree && { note: lender.note, claimed: lender.claimed }),
    main: { statement, index, path },
    witnessTimes: new Map(),
  };
}

async function checkLogSignature(found) {
  const { origin } = given(found.claimed);
  const keys = found.trust.logs.map(({ verifier }) => verifier).filter(({ name }) => name === origin);
  if (!keys.length) throw new Finding("failed", "unknown_log", { origin });
  await orFind(() => verifySignatures(found.note, keys), () => new Finding("failed", "signature", { origin }));
  found.logKeys = keys;
  found.checkpoint = found.claimed;
  return { origin, size: found.checkpoint.size, trust: fingerprint(found.trust).slice(0, 16) };
}

function isIncluded({ statement, index, path }, { size, root }) {
  try {
    verifyInclusion(statement.leafHash, index, size, path, root);
    return true;
  } catch (error) {
    if (!(error instanceof Unverified)) throw error;
    return false;
  }
}

/** The same of an entry that many receipts bring along. */
function isSharedIncluded(entry, checkpoint) {
  const { known } = entry;
  if (!known) return isIncluded(entry, checkpoint);
  const tree = `${checkpoint.size} ${toHex(checkpoint.root)}`;
  if (!known.has(tree)) {
    known.clear();
    known.set(tree, isIncluded(entry, checkpoint));
  }
  return known.get(tree);
}

function checkIncluded(found) {
  given(found.main.statement);
  given(found.claimed);
  const checkpoint = depends(found.checkpoint);
  const { origin, size } = checkpoint;
  for (const entry of found.lender === found ? [found.main, ...found.supporting] : [found.main]) {
    const { aud } = entry.statement.claims;
    if (aud !== origin) throw new Finding("failed", "other_log", { aud, origin });
    const isMain = entry === found.main;
    if (!(isMain ? isIncluded : isSharedIncluded)(entry, checkpoint))
      throw new Finding("failed", isMain ? "proof" : "supporting", { index: entry.index });
    if (isMain) found.root = checkpoint.root;
  }
  return { index: found.main.index, size, origin };
}

async function checkLogPolicy(found) {
  const { checkpoint, logKeys, main, supporting } = given(found.lender);
  const { origin } = depends(checkpoint);
  const entry = [main, ...supporting].find(({ index }) => index === 0);
  if (!entry) throw new Finding("failed", "missing");
  if (!isSharedIncluded(entry, checkpoint)) throw new Finding("failed", "not_first");
  const policy = await orFind(
    () => once("log-policy", toHex(entry.statement.leafHash), () => verifyLogPolicy(entry.statement)),
    ({ message }) => new Finding("failed", "unusable", { reason: message }),
  );
  if (policy.origin !== origin || !logKeys.some(({ vkey }) => vkey === policy.log.vkey))
    throw new Finding("failed", "other_log", { found: policy.origin, trusted: origin });
  if ((found.checkpoint ?? checkpoint).origin !== origin)
    throw new Finding("failed", "other_log", { found: origin, trusted: found.checkpoint.origin });
  found.policy = policy;
  return {};
}

function checkOrg(org, { claims: { iss } }) {
  if (org !== iss) throw new Finding("failed", "other_org", { org, issuer: iss });
}

/** {entry, key} of the supporting entry that binds the key which the statement names; nothing in it is verified. */
function findBinding({ main, supporting = [] }) {
  for (const entry of supporting.filter(({ statement }) => statement.document.predicateType === KEY_BINDING)) {
    try {
      const { key } = parseKeyBinding(entry.statement);
      if (equal(thumbprint(key), main.statement.kid)) return { entry, key };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  return {};
}

async function checkKeyBinding(found) {
  const statement = given(found.main.statement);
  const policy = depends(found.policy);
  const { index } = found.main;
  if (equal(statement.kid, thumbprint(policy.platformKey))) {
    checkOrg(policy.platformOrg, statement);
    return { cause: "platform" };
  }
  const { entry } = findBinding(found);
  if (!entry) throw new Finding("failed", "missing");
  const unusable = ({ message }) => new Finding("failed", "unusable", { reason: message });
  const verified = () => verifyKeyBinding(entry.statement, policy);
  const facts = [entry.statement.leafHash, policy.platformKey].map(toHex).join(" ");
  const { org } = await orFind(() => once("binding", `${policy.origin} ${policy.platformOrg} ${facts}`, verified), unusable);
  if (!isSharedIncluded(entry, found.lender.checkpoint)) throw unusable({ message: "its proof of inclusion does not hold" });
  checkOrg(org, statement);
  if (entry.index >= given(index)) throw new Finding("failed", "bound_later", { bound: entry.index, index });
  return { org, index: entry.index };
}

/** The key that the statement names, whether or not it is proved whose key it is: that is another step. */
function keyOfStatement(found) {
  const { key } = findBinding(found);
  if (key) return key;
  const { platformKey } = depends(found.policy);
  if (!equal(found.main.statement.kid, thumbprint(platformKey))) throw new Finding("failed", "no_key");
  return platformKey;
}

async function checkStatementSignature(found) {
  const statement = given(found.main.statement);
  const key = keyOfStatement(found);
  await orFind(() => verifyStatement(statement, key), () => new Finding("failed", "signature"));
  return { issuer: statement.claims.iss };
}

async function checkCoseReceipt(found) {
  const { receipts, checkpoint, main } = found;
  const { leafHash } = given(main.statement);
  given(receipts[0]);
  if (found.lender === found) depends(checkpoint);
  const { receiptKey, origin } = depends(found.policy);
  for (const receipt of receipts) {
    const samePath = receipt.path.length === main.path.length && receipt.path.every((hash, i) => equal(hash, main.path[i]));
    const other = new Finding("failed", "other_proof");
    if (receipt.index !== main.index || (checkpoint && (receipt.size !== checkpoint.size || !samePath))) throw other;
    if (!equal(receipt.protected, receiptHeader(receiptKey, origin))) throw other;
    const proved = await orFind(
      () => verifyCoseReceipt(receipt, leafHash, receiptKey, checkpoint && found.root),
      ({ message }) => new Finding("failed", "signature", { reason: message }),
    );
    if (checkpoint && !equal(proved, checkpoint.root)) throw other;
  }
  return checkpoint ? {} : { cause: "alone", index: main.index, size: receipts[0].size };
}

async function checkWitnesses(found) {
  given(found.note);
  depends(found.checkpoint);
  const { trust, note } = found;
  const cosigned = await cosignatures(note, trust, found.witnessTimes);
  if (trust.quorum === undefined) throw new Finding("not_run", "none_required");
  const missing = missingQuorum(trust, cosigned);
  if (missing) throw missing;
  return { names: sortedNames(cosigned.times.keys()) };
}

/** {by, not_after_time, cause} of the earliest witness but the operator, else of his own cosignature, else nothing. */
function latest({ trust, witnessTimes }, cosigner, time) {
  const own = new Set(trust.witnesses.filter(({ verifier }) => equal(verifier.key, cosigner.key)).map(({ name }) => name));
  const independent = [...witnessTimes].filter(([name]) => !own.has(name));
  if (independent.length) {
    const [by, first] = independent.reduce((best, each) => (each[1] < best[1] ? each : best));
    return { by, not_after_time: first, cause: "witness" };
  }
  return time === undefined ? {} : { by: cosigner.name, not_after_time: time };
}

async function checkTime(found) {
  given(found.main.statement);
  given(found.note);
  depends(found.checkpoint);
  const { cosigner } = depends(found.policy);
  const bad = () => new Finding("failed", "signature", { by: cosigner.name });
  const time = await orFind(() => cosignedAt(found.note, cosigner), bad);
  const { cause, ...bounds } = { not_before_time: found.main.statement.claims.iat, ...latest(found, cosigner, time) };
  if (bounds.by === undefined) throw new Finding("warning", "none", bounds);
  if (found.now !== undefined && bounds.not_after_time > found.now + CLOCK_TOLERANCE)
    throw new Finding("warning", "future", bounds);
  if (bounds.not_before_time - CLOCK_TOLERANCE > bounds.not_after_time)
    throw new Finding("warning", "claimed_later", bounds);
  return { ...bounds, cause };
}

function checkOpenings({ openings, main: { statement } }) {
  if (!openings.length) throw new Finding("not_run", "none");
  for (const opening of openings)
    if (!opens(statement.document.predicate[opening.name], opening))
      throw new Finding("failed", "mismatch", { name: opening.name });
  return { names: openings.map(({ name }) => name) };
}

const registeredDigest = ({ document }) => document.subject.find(({ name }) => name === "manifest.json")?.digest.sha256;

function compareFile(row, found) {
  if (found.size !== row.size)
    throw new Finding("failed", "size", { file: row.path, found: found.size, registered: row.size });
  const same = toHex(found.sha256) === row.sha256 && (found.chunks && toHex(found.chunks)) === row.chunks;
  if (!same) throw new Finding("failed", "content", { file: row.path });
}

function checkData({ main: { statement } }, manifest, files = new Map()) {
  if (!manifest && !files.size) throw new Finding("not_run", "");
  given(statement);
  const registered = registeredDigest(statement);
  if (!registered) throw new Finding("not_run", "not_about_data");
  if (!manifest) throw new Finding("warning", "no_manifest");
  const found = toHex(manifest.digest);
  if (found !== registered) throw new Finding("failed", "other_manifest", { found, registered });
  if (!files.size) throw new Finding("not_run", "manifest_only");
  const rows = new Map(manifest.rows.map((row) => [row.path, row]));
  let bytes = 0;
  for (const file of [...files.keys()].sort((a, b) => compare(utf8(a), utf8(b)))) {
    const row = rows.get(file);
    if (!row) throw new Finding("failed", "not_in_manifest", { file });
    compareFile(row, files.get(file));
    bytes += row.size;
  }
  const missing = [...rows.keys()].filter((path) => !files.has(path));
  if (missing.length) throw new Finding("warning", "some_files", { files: files.size, missing });
  return { files: files.size, bytes };
}

const CHECKS = [
  ["log_signature", checkLogSignature], ["included", checkIncluded], ["log_policy", checkLogPolicy],
  ["key_binding", checkKeyBinding], ["statement_signature", checkStatementSignature], ["cose_receipt", checkCoseReceipt],
  ["witnesses", checkWitnesses], ["time", checkTime], ["openings", checkOpenings],
];

const UNKNOWN = { code: "key_not_revoked", outcome: "not_run", cause: "", params: {} };

/** The report on something that is no receipt, for this reason. */
export function unreadable(reason) {
  const failed = { code: "readable", outcome: "failed", cause: "", params: { reason } };
  const unread = CODES.slice(1, -1).map((code) => ({ code, outcome: "not_run", cause: "depends", params: {} }));
  return report([failed, ...unread, UNKNOWN]);
}

async function reportOn(read, readable, { manifest, files }) {
  let found;
  try {
    found = await read();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return unreadable(error.message);
  }
  const steps = { key_not_revoked: UNKNOWN, readable };
  for (const [code, check] of CHECKS) steps[code] = await runStep(code, () => check(found));
  steps.fingerprint = await runStep("fingerprint", () => checkData(found, manifest, files));
  return report(CODES.map((code) => steps[code]));
}

/**
 * Checks receipt bytes against a parsed trust file, and against `files` (Map of path in the manifest to its digest)
 * of the parsed `manifest`, if given. `now` is the verifier's clock in POSIX seconds. Returns {outcome, steps: [{code,
 * outcome, cause, params}]}; nothing in a receipt makes it throw.
 */
export function checkBundle(data, trust, { manifest, files, now } = {}) {
  const readable = { code: "readable", outcome: "passed", cause: "", params: {} };
  return reportOn(() => readBundle(data, trust, now), readable, { manifest, files });
}

/**
 * Checks parts of one receipt, see pieces.js, in the same way; what no part carries does not run. `lender` are the bytes of
 * a bundle of the same log, which lends its entry 0 and the signer's key binding, each with its proof. The outcome is "incomplete" if nothing failed, but
 * nothing shows that the statement is in the log.
 */
export async function checkPieces(pieces, trust, { manifest, files, now, lender } = {}) {
  const forms = pieces.map(({ form }) => form);
  const readable = { code: "readable", outcome: "passed", cause: "parts", params: { forms } };
  const read = async () => {
    const lending = lender && readBundle(lender, trust, now);
    if (lending) await runStep("log_signature", () => checkLogSignature(lending));
    return readPieces(pieces, trust, now, lending);
  };
  const made = await reportOn(read, readable, { manifest, files });
  const shown = made.steps.some(({ code, outcome }) => ["included", "cose_receipt"].includes(code) && outcome === "passed");
  return made.outcome === "passed_with_gaps" && !shown ? { ...made, outcome: "incomplete" } : made;
}

/** The manifest digest (hex) that a receipt's statement names, or undefined; nothing is verified. */
export function subjectDigest(data) {
  try {
    return registeredDigest(parseStatement(parseBundle(data).statement));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
