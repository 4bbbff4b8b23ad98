// Checks whatever evidence was given at once: receipts, parts of one receipt, histories, one or thousands. No DOM.
import { checkBundle, checkPieces, unreadable } from "./check.js";
import { Malformed } from "./errors.js";
import { fit, kindOf, linesOf, parsePiece } from "./pieces.js";

const AT_ONCE = 16; // Signatures are verified in other threads: a few on their way keep those busy.
const PAUSE_AFTER = 50; // Milliseconds without a pause in which a page still feels alive.

/** The pieces as one group if all may be of one receipt, else each by itself. */
function grouped(pieces) {
  const all = pieces.every(([, one], i) => pieces.slice(0, i).every(([, other]) => fit(one, other)));
  return all && pieces.length ? [pieces] : pieces.map((piece) => [piece]);
}

/** [{name, kind, run(how)}], in the order in which the evidence came, pieces last; the first bundle lends them its entries. */
function plan(evidence, trust) {
  const [items, pieces, bundles] = [[], [], []];
  const add = (name, kind, run) => items.push({ name, kind, run });
  for (const { name, bytes } of evidence) {
    const kind = kindOf(bytes);
    if (kind === "history")
      add(name, "history", async () => (await import("./check_history.js")).verifyHistory(bytes, trust));
    else if (kind === "cose" || kind === "tlog-proof") {
      try {
        pieces.push([name, parsePiece(bytes)]);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        add(name, "receipt", () => unreadable(error.message));
      }
    } else
      for (const [i, line] of linesOf(bytes).entries()) {
        bundles.push(line);
        add(i || line !== bytes ? `${name}:${i + 1}` : name, "receipt", (how) => checkBundle(line, trust, how));
      }
  }
  for (const group of grouped(pieces)) {
    const [names, parts] = [group.map(([name]) => name), group.map(([, piece]) => piece)];
    add(names.join(" + "), "receipt", (how) => checkPieces(parts, trust, { ...how, lender: bundles[0] }));
  }
  return items;
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

/**
 * Checks evidence [{name, bytes}] against a parsed trust file; data (`manifest`, `files`) only against a single receipt.
 * `now` is the verifier's clock in POSIX seconds; `onProgress(done, total)` is told now and then; an aborted `signal` ends
 * it with the signal's reason. Returns [{name, kind: "receipt" or "history", report}]: what they share is verified once.
 */
export async function checkAll(evidence, trust, { manifest, files, now, onProgress = () => {}, signal } = {}) {
  const items = plan(evidence, trust);
  const single = items.filter(({ kind }) => kind === "receipt").length === 1;
  const how = single ? { manifest, files, now } : { now };
  const results = [];
  let [paused, told] = [performance.now(), 0];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    const next = items.slice(at, at + AT_ONCE);
    const reports = await Promise.all(next.map(({ run }) => run(how)));
    next.forEach(({ name, kind }, i) => results.push({ name, kind, report: reports[i] }));
    if (performance.now() - paused < PAUSE_AFTER) continue;
    onProgress((told = results.length), items.length);
    await pause();
    paused = performance.now();
  }
  if (told && told < items.length) onProgress(items.length, items.length);
  return results;
}
