// What this browser last saw of a log: the newest signed state that it verified, and whether the next one continues it.
// No DOM. A record is {version: 1, note (signed checkpoint as text), keys ([vkey] that signed it), seen (POSIX seconds)},
// kept as JSON under "datawharf.ledger:<origin>". It is written only when a state is verified and contradicts nothing.
import { equal, utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { Malformed, Unverified } from "./errors.js";
import { verifyConsistency } from "./merkle.js";
import { parseNote, verifySignatures } from "./note.js";

const PREFIX = "datawharf.ledger:";

/** Note text to its checkpoint {origin, size, root}; nothing verified. */
export const stateOf = (note) => parseCheckpoint(parseNote(utf8(note)).text);

/** The records of a browser's storage, for the log `origin`. */
export class Memory {
  constructor(storage, origin) {
    this.storage = storage;
    this.origin = origin;
  }

  /** The record, or undefined; one that cannot be read, or is of another log, counts for none. */
  read() {
    try {
      const record = JSON.parse(this.storage.getItem(PREFIX + this.origin));
      if (record?.version !== 1 || !Array.isArray(record.keys) || stateOf(record.note).origin !== this.origin)
        return undefined;
      return record;
    } catch (error) {
      if (error instanceof Malformed || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  write(note, keys, seen) {
    this.storage.setItem(PREFIX + this.origin, JSON.stringify({ version: 1, note, keys, seen }));
  }

  /** Origins of other logs that this browser saw at the same address. */
  others() {
    const names = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i));
    return names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length)).filter((name) => name !== this.origin);
  }

  /** Forgets this log, and the others of this address. */
  clear() {
    for (const origin of [this.origin, ...this.others()]) this.storage.removeItem(PREFIX + origin);
  }
}

/** The keys of `policy` that signed the note for `origin`, as vkeys; undefined if none did, or one is wrong. */
async function signersOf(note, policy, origin) {
  try {
    const parsed = parseNote(utf8(note));
    const keys = policy.logs.map(({ verifier }) => verifier).filter(({ name }) => name === origin);
    if (parseCheckpoint(parsed.text).origin !== origin) return undefined;
    return (await verifySignatures(parsed, keys)).map(({ verifier }) => verifier.vkey);
  } catch (error) {
    if (error instanceof Malformed || error instanceof Unverified) return undefined;
    throw error;
  }
}

/** "continued", "forked" (a proof that does not hold, or other roots at one size), "shrunk", or "unproved" (no proof). */
async function relation(before, after, proofOf) {
  if (after.size === before.size) return equal(after.root, before.root) ? "continued" : "forked";
  if (after.size < before.size) return "shrunk";
  const path = await proofOf(before.size, after.size);
  if (!path) return "unproved";
  try {
    verifyConsistency(before.size, before.root, after.size, after.root, path);
    return "continued";
  } catch (error) {
    if (error instanceof Unverified) return "forked";
    throw error;
  }
}

/** Remembers a state, unless another page has remembered a later one meanwhile. */
function remember(memory, note, keys, now) {
  const kept = memory.read();
  if (!kept || stateOf(kept.note).size <= stateOf(note).size) memory.write(note, keys, now);
}

/**
 * Compares the newest note that a log shows with what is remembered, and remembers it if all is well.
 *   fetchNote(): the newest note. It is called after the memory was read: another page may add to the memory at any time,
 *   and what is shown later than what was remembered is never older.
 *   policy: the parsed trust file. proofOf(old, new): [32-byte hash], or undefined where the log gives no proof; what it
 *   throws, this throws. now: POSIX seconds.
 * Returns {outcome, remembered (record or undefined), note, newKey}: outcome is "first", "continued", "unsigned", "forked",
 * "shrunk", "unproved" or, where only other logs were seen at this address before, "other_log". newKey: none of the keys
 * that signed the remembered state signed this one.
 */
export async function compareWithMemory(memory, fetchNote, policy, proofOf, now) {
  const remembered = memory.read();
  const note = await fetchNote();
  const keys = await signersOf(note, policy, memory.origin);
  if (!keys) return { outcome: "unsigned", remembered, note, newKey: false };
  if (!remembered) {
    remember(memory, note, keys, now);
    return { outcome: memory.others().length ? "other_log" : "first", remembered, note, newKey: false };
  }
  const newKey = !keys.some((key) => remembered.keys.includes(key));
  const outcome = await relation(stateOf(remembered.note), stateOf(note), proofOf);
  if (outcome === "continued") remember(memory, note, keys, now);
  return { outcome, remembered, note, newKey };
}
