// Trust file = C2SP tlog-policy, line by line: "log <vkey> [url]", "witness <name> <vkey> [url]",
// "group <name> all|any|<k> <member>…", one "quorum <name>|none", "#" comments. No DOM.
import { equal, toHex, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";
import { COSIGNATURE, ED25519, parseVkey } from "./note.js";
import { sha256 } from "./sha256.js";

/** Text to {logs: [verifier], witnesses: Map, groups: Map, quorum}. */
export function parsePolicy(text) {
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: undefined, members: new Set() };
  for (const line of text.split("\n")) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length && !words[0].startsWith("#")) readLine(policy, words);
  }
  if (policy.quorum === undefined) throw new Malformed("the trust file has no quorum line");
  if (!policy.logs.length) throw new Malformed("the trust file names no log");
  return policy;
}

function readLine(policy, [verb, ...rest]) {
  const readers = { log: readLog, witness: readWitness, group: readGroup, quorum: readQuorum };
  if (!Object.hasOwn(readers, verb)) throw new Malformed(`the trust file has a line that starts with “${verb}”`);
  readers[verb](policy, rest);
}

function newKey(policy, vkey, kind) {
  const verifier = parseVkey(vkey);
  if (verifier.kind !== kind) throw new Malformed("the trust file has a key of the wrong type");
  const known = [...policy.logs, ...[...policy.witnesses.values()]];
  if (known.some(({ key }) => equal(key, verifier.key))) throw new Malformed("the trust file has a key twice");
  return verifier;
}

function readLog(policy, words) {
  if (words.length < 1 || words.length > 2) throw new Malformed("the trust file has a log line that cannot be read");
  policy.logs.push(newKey(policy, words[0], ED25519));
}

function newName(policy, name) {
  if (!name || name === "none" || policy.witnesses.has(name) || policy.groups.has(name))
    throw new Malformed("the trust file has a name twice");
  return name;
}

function readWitness(policy, words) {
  if (words.length < 2 || words.length > 3) throw new Malformed("the trust file has a witness line that cannot be read");
  policy.witnesses.set(newName(policy, words[0]), newKey(policy, words[1], COSIGNATURE));
}

function readGroup(policy, [name, needed, ...members]) {
  newName(policy, name);
  for (const member of members) {
    if (!policy.witnesses.has(member) && !policy.groups.has(member)) throw new Malformed(`the trust file has an unknown group member ${member}`);
    if (policy.members.has(member)) throw new Malformed(`the trust file has ${member} in two groups`);
    policy.members.add(member);
  }
  const count = { all: members.length, any: 1 }[needed] ?? (/^[1-9][0-9]*$/.test(needed) ? Number(needed) : 0);
  if (count < 1 || count > members.length) throw new Malformed(`the trust file has a group ${name} that can never be met`);
  policy.groups.set(name, { needed, count, members });
}

function readQuorum(policy, words) {
  if (policy.quorum !== undefined) throw new Malformed("the trust file has two quorum lines");
  const [name] = words;
  if (words.length !== 1 || (name !== "none" && !policy.witnesses.has(name) && !policy.groups.has(name)))
    throw new Malformed("the trust file has a quorum that it does not define");
  policy.quorum = name;
}

/** Whether the names of witnesses that signed meet the quorum. */
export function quorumMet(policy, signed, name = policy.quorum) {
  if (name === "none" || signed.has(name)) return true;
  const group = policy.groups.get(name);
  return !!group && group.members.filter((member) => quorumMet(policy, signed, member)).length >= group.count;
}

/** Smallest number of witnesses that can meet the quorum. */
export function witnessesNeeded(policy, name = policy.quorum) {
  if (name === "none") return 0;
  const group = policy.groups.get(name);
  if (!group) return 1;
  const each = group.members.map((member) => witnessesNeeded(policy, member)).sort((a, b) => a - b);
  return each.slice(0, group.count).reduce((sum, n) => sum + n, 0);
}

/** Hex SHA-256 that people compare: over the text of the file as it was issued. */
export const fingerprint = (text) => toHex(sha256(utf8(text)));
