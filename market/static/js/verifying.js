// What held once, over the same bytes, is not computed again (ledger/verifying.py). Receipts of one log share almost all:
// the checkpoint with its signatures, entry 0, the bindings of a few keys. No DOM.
// Remembered is what follows from all of the bytes that are named; what was refused by an error is found anew each time.
const MAX_REMEMBERED = 1000;
const known = new Map();

/** What `compute` returns, or resolves to, for the text `given`, on which alone it depends; it must not be changed. */
export function once(kind, given, compute) {
  const key = `${kind} ${given}`;
  const found = known.get(key);
  if (found) return found.result;
  const result = compute();
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(key, { result });
  if (result instanceof Promise) result.catch(() => known.delete(key));
  return result;
}
