// Which witnesses of a trust file cosigned a note, and whether that is enough. No DOM.
import { compare, equal, utf8 } from "./bytes.js";
import { Finding, orFind } from "./finding.js";
import { COSIGNATURE_ML_DSA, verifySignatures } from "./note.js";
import { quorumMet } from "./policy.js";

const hasLine = ({ signatures }, { name, id }) => signatures.some((line) => line.name === name && equal(line.id, id));

export const sortedNames = (names) => [...names].sort((a, b) => compare(utf8(a), utf8(b)));

/** When `verifier` cosigned the note, in POSIX seconds; undefined if it did not. Unverified if its line is bad. */
export const cosignedAt = async (note, verifier) =>
  hasLine(note, verifier) ? (await verifySignatures(note, [verifier]))[0].time : undefined;

/**
 * {times: Map of name to time, seen: [verifier], unchecked: Map of name to verifier (lines that no browser can check)}
 * of the trust file's witnesses on the note. A bad line is a Finding; `times` then has those that came before it.
 */
export async function cosignatures(note, trust, times = new Map()) {
  const [seen, unchecked] = [[], new Map()];
  for (const { name, verifier } of trust.witnesses) {
    if (verifier.kind === COSIGNATURE_ML_DSA) {
      if (hasLine(note, verifier)) unchecked.set(name, verifier);
      continue;
    }
    const time = await orFind(() => cosignedAt(note, verifier), () => new Finding("failed", "signature", { name }));
    if (time === undefined) continue;
    seen.push(verifier);
    times.set(name, time);
  }
  return { times, seen, unchecked };
}

/** The Finding of cosignatures that do not meet the trust file's quorum; undefined if they do. `more` are its details. */
export function missingQuorum(trust, { times, seen, unchecked }, more = {}) {
  if (trust.quorum === undefined || quorumMet(trust, seen)) return undefined;
  if (quorumMet(trust, [...seen, ...unchecked.values()]))
    return new Finding("failed", "unsupported", { ...more, names: sortedNames(unchecked.keys()) });
  return new Finding("failed", "too_few", { ...more, quorum: trust.quorum, names: sortedNames(times.keys()) });
}
