// The two statements that tie keys to names (the layout of ledger/bindings.py). No DOM.
// log-policy/v1 {"origin", "log": vkey, "cosigner": vkey, "platform": {"org", "key": hex}, "receiptKey": hex, "rules": []},
// entry 0, signed by the platform key in it; key-binding/v1 {"org", "key": hex, "possession": hex}, signed by the platform.
// possession = signature of the bound key over its possession message, see keys.js.
import { fromHex, toHex, utf8 } from "./bytes.js";
import { verifyStatement } from "./cose.js";
import { checkPublicKey, verify } from "./ed25519.js";
import { Malformed, Unverified } from "./errors.js";
import { possessionMessage } from "./keys.js";
import { checkMembers } from "./members.js";
import { COSIGNATURE, ED25519, parseVkey } from "./note.js";
import { sha256 } from "./sha256.js";

const KIND = "urn:datawharf:predicate/";
const ORG = /^urn:datawharf:([0-9a-f]{16}):org:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const KEY_BINDING = `${KIND}key-binding/v1`;

/** The predicate of a statement of that kind with exactly these members; nothing is verified. */
export function predicateOf({ document }, kind, names) {
  if (document.predicateType !== kind) throw new Malformed(`the statement is not of the kind ${kind}`);
  checkMembers(document.predicate, names, [], `the statement of the kind ${kind}`);
  return document.predicate;
}

function parseKey(text) {
  const key = fromHex(text, 32, "a key");
  checkPublicKey(key);
  return key;
}

function checkOrg(org, origin) {
  const id = typeof org === "string" && ORG.exec(org)?.[1];
  if (id !== toHex(sha256(utf8(origin))).slice(0, 16))
    throw new Malformed(`“${org}” is not an organisation of the log ${origin}`);
}

/** Unverified unless the platform of the policy issued the statement to the log of it. */
export function checkIssuer({ claims }, { origin, platformOrg }) {
  if (claims.aud !== origin || claims.iss !== platformOrg)
    throw new Unverified("the entry is not issued by the platform to the log that it names");
}

function parseLogPolicy(statement) {
  const names = ["origin", "log", "cosigner", "platform", "receiptKey", "rules"];
  const found = predicateOf(statement, `${KIND}log-policy/v1`, names);
  const { origin, log, cosigner, platform, receiptKey, rules } = found;
  checkMembers(platform, ["org", "key"], [], "the platform in the log policy");
  if (![origin, log, cosigner].every((text) => typeof text === "string") || !Array.isArray(rules))
    throw new Malformed("the log policy has a field of the wrong type");
  const policy = { origin, log: parseVkey(log), cosigner: parseVkey(cosigner), platformOrg: platform.org };
  if (policy.log.kind !== ED25519 || policy.cosigner.kind !== COSIGNATURE)
    throw new Malformed("the log policy names a key of the wrong kind");
  checkOrg(platform.org, origin);
  return { ...policy, platformKey: parseKey(platform.key), receiptKey: parseKey(receiptKey) };
}

/** {origin, log, cosigner, platformOrg, platformKey, receiptKey} of entry 0, if the platform key in it signed it. */
export async function verifyLogPolicy(statement) {
  const policy = parseLogPolicy(statement);
  checkIssuer(statement, policy);
  await verifyStatement(statement, policy.platformKey);
  return policy;
}

/** {org, key, possession} of a key binding, nothing verified. */
export function parseKeyBinding(statement) {
  const { org, key, possession } = predicateOf(statement, KEY_BINDING, ["org", "key", "possession"]);
  checkOrg(org, statement.claims.aud);
  return { org, key: parseKey(key), possession: fromHex(possession, 64, "the proof of possession") };
}

/** The binding, if the platform of `policy` signed it and the key proved possession. */
export async function verifyKeyBinding(statement, policy) {
  const binding = parseKeyBinding(statement);
  checkIssuer(statement, policy);
  await verifyStatement(statement, policy.platformKey);
  const message = possessionMessage(policy.origin, toHex(binding.key), binding.org);
  await verify(binding.key, message, binding.possession);
  return binding;
}
