// How a step of a check reports anything but a plain pass, and what steps add up to (ledger/finding.py, ledger/report.py). No DOM.
import { Malformed, Unverified } from "./errors.js";

const NO_GAP = ["none", "none_required"]; // Causes for which a step had nothing to look at, which leaves no gap.

/** Ends a step with an outcome, a cause and details for the sentence. */
export class Finding {
  constructor(outcome, cause, params = {}) {
    Object.assign(this, { outcome, cause, params });
  }
}

export const isLedgerError = (error) => error instanceof Malformed || error instanceof Unverified;

/** Result of `work`, or the Finding made of its Malformed or Unverified. */
export async function orFind(work, finding) {
  try {
    return await work();
  } catch (error) {
    throw isLedgerError(error) ? finding(error) : error;
  }
}

/** `value`, which another step established; without it the step rests on one that did not pass. */
export const depends = (value) => {
  if (value === undefined) throw new Finding("not_run", "depends");
  return value;
};

/** The step `code`: what `check` returns are the details of a pass, with its `cause`, if there are several. */
export async function runStep(code, check) {
  try {
    const { cause = "", ...params } = await check();
    return { code, outcome: "passed", cause, params };
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    return { code, outcome: error.outcome, cause: error.cause, params: error.params };
  }
}

function verdict(steps) {
  const failed = steps.filter(({ outcome }) => outcome === "failed").map(({ code }) => code);
  if (failed.includes("readable")) return "unreadable";
  if (failed.some((code) => code !== "key_not_revoked")) return "failed";
  if (failed.length) return "no_longer_valid";
  const gap = ({ outcome, cause }) => outcome === "warning" || (outcome === "not_run" && !NO_GAP.includes(cause));
  return steps.some(gap) ? "passed_with_gaps" : "passed";
}

/** {steps, outcome} of the steps of a check. */
export const report = (steps) => ({ steps, outcome: verdict(steps) });
