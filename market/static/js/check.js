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
import { cosignatures, cosignedAt, missingQuorum, sortedNames } from "./witnesses.js";

/** The steps, in the order in which a report shows them. */
export const CODES = [
  "readable", "fingerprint", "statement_signature", "log_policy", "key_binding", "included", "log_signature",
  "cose_receipt", "time", "witnesses", "openings", "key_not_revoked",
];
const CLOCK_TOLERANCE = 300; // Seconds by which two honest clocks may differ.

function read(data, trust, now) {
  const bundle = parseBundle(data);
  const entry = ({ statement, index, path }) => ({ statement: parseStatement(statement), index, path });
  const note = parseNote(bundle.checkpoint);
  return {
    bundle, trust, now, note,
    receipt: parseCoseReceipt(bundle.coseReceipt),
    main: entry(bundle),
    supporting: bundle.supporting.map(entry),
    claimed: parseCheckpoint(note.text),
    witnessTimes: new Map(),
  };
}

async function checkLogSignature(found) {
  const { origin } = found.claimed;
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

function checkIncluded(found) {
  const checkpoint = depends(found.checkpoint);
  const { origin, size } = checkpoint;
  for (const entry of [found.main, ...found.supporting]) {
    const { aud } = entry.statement.claims;
    if (aud !== origin) throw new Finding("failed", "other_log", { aud, origin });
    if (!isIncluded(entry, checkpoint))
      throw new Finding("failed", entry === found.main ? "proof" : "supporting", { index: entry.index });
  }
  return { index: found.main.index, size, origin };
}

async function checkLogPolicy(found) {
  const { origin } = depends(found.checkpoint);
  const entry = [found.main, ...found.supporting].find(({ index }) => index === 0);
  if (!entry) throw new Finding("failed", "missing");
  if (!isIncluded(entry, found.checkpoint)) throw new Finding("failed", "not_first");
  const policy = await orFind(
    () => verifyLogPolicy(entry.statement),
    ({ message }) => new Finding("failed", "unusable", { reason: message }),
  );
  if (policy.origin !== origin || !found.logKeys.some(({ vkey }) => vkey === policy.log.vkey))
    throw new Finding("failed", "other_log", { found: policy.origin, trusted: origin });
  found.policy = policy;
  return {};
}

function checkOrg(org, { claims: { iss } }) {
  if (org !== iss) throw new Finding("failed", "other_org", { org, issuer: iss });
}

/** {entry, key} of the supporting entry that binds the key which the statement names; nothing in it is verified. */
function findBinding({ main, supporting }) {
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
  const policy = depends(found.policy);
  const { statement, index } = found.main;
  if (equal(statement.kid, thumbprint(policy.platformKey))) {
    checkOrg(policy.platformOrg, statement);
    return { cause: "platform" };
  }
  const { entry } = findBinding(found);
  if (!entry) throw new Finding("failed", "missing");
  const unusable = ({ message }) => new Finding("failed", "unusable", { reason: message });
  const { org } = await orFind(() => verifyKeyBinding(entry.statement, policy), unusable);
  if (!isIncluded(entry, found.checkpoint)) throw unusable({ message: "its proof of inclusion does not hold" });
  checkOrg(org, statement);
  if (entry.index >= index) throw new Finding("failed", "bound_later", { bound: entry.index, index });
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
  const { statement } = found.main;
  const key = keyOfStatement(found);
  await orFind(() => verifyStatement(statement, key), () => new Finding("failed", "signature"));
  return { issuer: statement.claims.iss };
}

async function checkCoseReceipt(found) {
  const { size, root } = depends(found.checkpoint);
  const { receiptKey, origin } = depends(found.policy);
  const { receipt, main } = found;
  const samePath = receipt.path.length === main.path.length && receipt.path.every((hash, i) => equal(hash, main.path[i]));
  const other = new Finding("failed", "other_proof");
  if (receipt.size !== size || receipt.index !== main.index || !samePath) throw other;
  if (!equal(receipt.protected, receiptHeader(receiptKey, origin))) throw other;
  const proved = await orFind(
    () => verifyCoseReceipt(found.bundle.coseReceipt, main.statement.leafHash, receiptKey),
    ({ message }) => new Finding("failed", "signature", { reason: message }),
  );
  if (!equal(proved, root)) throw other;
  return {};
}

async function checkWitnesses(found) {
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

function checkOpenings({ bundle: { openings }, main: { statement } }) {
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

/**
 * Checks receipt bytes against a parsed trust file, and against `files` (Map of path in the manifest to its digest)
 * of the parsed `manifest`, if given. `now` is the verifier's clock in POSIX seconds. Returns {outcome, steps: [{code,
 * outcome, cause, params}]}; nothing in a receipt makes it throw.
 */
export async function checkBundle(data, trust, { manifest, files, now } = {}) {
  const unknown = { code: "key_not_revoked", outcome: "not_run", cause: "", params: {} };
  let found;
  try {
    found = read(data, trust, now);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const readable = { code: "readable", outcome: "failed", cause: "", params: { reason: error.message } };
    const unread = CODES.slice(1, -1).map((code) => ({ code, outcome: "not_run", cause: "depends", params: {} }));
    return report([readable, ...unread, unknown]);
  }
  const checks = [
    ["log_signature", checkLogSignature], ["included", checkIncluded], ["log_policy", checkLogPolicy],
    ["key_binding", checkKeyBinding], ["statement_signature", checkStatementSignature], ["cose_receipt", checkCoseReceipt],
    ["witnesses", checkWitnesses], ["time", checkTime], ["openings", checkOpenings],
  ];
  const steps = { key_not_revoked: unknown, readable: { code: "readable", outcome: "passed", cause: "", params: {} } };
  for (const [code, check] of checks) steps[code] = await runStep(code, () => check(found));
  steps.fingerprint = await runStep("fingerprint", () => checkData(found, manifest, files));
  return report(CODES.map((code) => steps[code]));
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
