// Hashes chosen files in a worker whose script stands in the page itself, as text that no browser runs by itself: the page
// that stands alone has no other file to load. Its policy names blob: for workers and the Trusted Types policy made here.
import { hasherIn } from "./worker_hashing.js";

const script = document.querySelector("script[data-worker]").textContent;
let address;
let policy;

function startWorker() {
  try {
    address ??= URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    policy ??= globalThis.trustedTypes?.createPolicy("datawharf-worker", {
      createScriptURL: (url) => {
        if (url !== address) throw new TypeError("only the hashing worker may start");
        return url;
      },
    });
    return new Worker(policy ? policy.createScriptURL(address) : address);
  } catch {
    return undefined;
  }
}

export const hashFiles = hasherIn(startWorker);
