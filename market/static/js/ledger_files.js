// The log's own files as pages fetch them. No DOM.
import { fromHex } from "./bytes.js";

async function answered(address) {
  const answer = await fetch(address, { cache: "no-store", credentials: "omit" });
  if (!answer.ok && (answer.status >= 500 || answer.status === 429)) throw new Error(`${address}: ${answer.status}`);
  return answer.ok ? answer : undefined;
}

async function textOf(address) {
  const answer = await answered(address);
  if (!answer) throw new Error(`${address} is not there`);
  return answer.text();
}

/** The newest checkpoint, or the one that was published at `size`, as the text of its signed note. */
export const fetchCheckpoint = (size) => textOf(size === undefined ? "/ledger/checkpoint" : `/ledger/checkpoints/${size}`);

export const fetchTrustFile = () => textOf("/ledger/trust.policy");

/** The consistency proof between two sizes as [32-byte hash]; undefined where the log answers that there is none. */
export async function fetchProof(old, size) {
  const answer = await answered(`/api/v1/ledger/consistency?from=${old}&to=${size}`);
  return answer && (await answer.json()).path.map((hash) => fromHex(hash, 32, "a hash of the proof"));
}
