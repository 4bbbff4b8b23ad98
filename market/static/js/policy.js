// Trust file = C2SP tlog-policy (the rules of ledger/policy.py); it never comes out of a receipt. No DOM.
// Lines "log <vkey> [url]" (one for each key of a log that goes over to another), "witness <name> <vkey> [url]", "group <name> any|all|<k> <member>…" (members defined
// before, each in one group), exactly one "quorum <name>|none", "#" comments. The fingerprint is the SHA-256 of the
// canonical form: lines in this order of kinds, single spaces, no comment.
import { toHex, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";
import { COSIGNATURE, COSIGNATURE_ML_DSA, ED25519, parseVkey } from "./note.js";
import { sha256 } from "./sha256.js";

const isPlain = (text) => text !== "" && !/[\p{C}\p{Z}]/u.test(text);

class Reader {
  logs = [];
  witnesses = [];
  groups = [];
  quorums = [];
  #names = new Set();
  #taken = new Set();
  #keys = new Set();

  define(name) {
    if (!isPlain(name) || name === "none" || name.startsWith("#") || this.#names.has(name))
      throw new Malformed(`the name “${name}” is reserved or already defined`);
    this.#names.add(name);
    return name;
  }

  key(vkey, ...kinds) {
    const verifier = parseVkey(vkey);
    const key = toHex(verifier.key);
    if (!kinds.includes(verifier.kind) || this.#keys.has(key)) throw new Malformed("a key is of the wrong type or there twice");
    this.#keys.add(key);
    return verifier;
  }

  log([vkey, url, ...more]) {
    const verifier = this.key(vkey ?? "", ED25519);
    if (more.length || !isPlain(url ?? "-")) throw new Malformed("it is no log with its fields");
    this.logs.push({ verifier, url });
  }

  witness([name = "", vkey = "", url, ...more]) {
    if (more.length || !isPlain(url ?? "-")) throw new Malformed("it is no witness with its fields");
    this.witnesses.push({ name: this.define(name), verifier: this.key(vkey, COSIGNATURE, COSIGNATURE_ML_DSA), url });
  }

  group([name = "", needed = "", ...members]) {
    for (const member of members) {
      if (!this.#names.has(member) || this.#taken.has(member))
        throw new Malformed(`the member “${member}” is not defined before, or in two groups`);
      this.#taken.add(member);
    }
    const stated = /^[1-9]\d{0,3}$/.test(needed) ? Number(needed) : 0;
    const threshold = needed === "any" ? 1 : needed === "all" ? members.length : stated;
    if (threshold < 1 || threshold > members.length) throw new Malformed("the group can never be met");
    this.groups.push({ name: this.define(name), threshold, members });
  }

  quorum([name = "", ...more]) {
    if (more.length || (name !== "none" && !this.#names.has(name))) throw new Malformed("the quorum is not defined");
    this.quorums.push(name);
  }
}

function readLine(reader, line, number) {
  const [verb, ...fields] = line.split(/[ \t]+/).filter(Boolean);
  if (verb === undefined || verb.startsWith("#")) return;
  try {
    if (!["log", "witness", "group", "quorum"].includes(verb))
      throw new Malformed("it is not a log, witness, group or quorum");
    reader[verb](fields);
  } catch (error) {
    throw new Malformed(`line ${number} of the trust file is wrong: ${error.message}`);
  }
}

/** Text of a trust file to {logs, witnesses, groups, quorum (name or undefined)}. */
export function parsePolicy(text) {
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text) || !text.endsWith("\n"))
    throw new Malformed("the trust file has a control character or no line feed at its end");
  const reader = new Reader();
  text.slice(0, -1).split("\n").forEach((line, i) => readLine(reader, line, i + 1));
  const { logs, witnesses, groups, quorums } = reader;
  if (!logs.length || quorums.length !== 1)
    throw new Malformed("the trust file names no log, or has not exactly one quorum line");
  return { logs, witnesses, groups, quorum: quorums[0] === "none" ? undefined : quorums[0] };
}

const line = (...fields) => `${fields.filter((field) => field !== undefined).join(" ")}\n`;

function thresholdText({ threshold, members }) {
  if (threshold === members.length) return "all";
  return threshold === 1 ? "any" : String(threshold);
}

/** Hex SHA-256 of the canonical form of a policy; printed wherever people compare trust files. */
export function fingerprint(policy) {
  const lines = [
    ...policy.logs.map(({ verifier, url }) => line("log", verifier.vkey, url)),
    ...policy.witnesses.map(({ name, verifier, url }) => line("witness", name, verifier.vkey, url)),
    ...policy.groups.map((group) => line("group", group.name, thresholdText(group), ...group.members)),
    line("quorum", policy.quorum ?? "none"),
  ];
  return toHex(sha256(utf8(lines.join(""))));
}

/** Whether verified cosignatures by these verifiers (of the policy's witnesses) are enough. */
export function quorumMet(policy, verifiers) {
  const met = new Set(policy.witnesses.filter(({ verifier }) => verifiers.includes(verifier)).map(({ name }) => name));
  for (const { name, threshold, members } of policy.groups)
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  return policy.quorum === undefined || met.has(policy.quorum);
}
