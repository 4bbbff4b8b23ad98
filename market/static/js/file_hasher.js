// Hashes chosen files in a module worker of this site. The page's policy has to name the one Trusted Types policy that this
// module makes, "datawharf-worker".
import { hasherIn } from "./worker_hashing.js";

const ADDRESS = new URL("./verify_worker.js", import.meta.url).href;
let policy;

function startWorker() {
  try {
    policy ??= globalThis.trustedTypes?.createPolicy("datawharf-worker", {
      createScriptURL: (url) => {
        if (url !== ADDRESS) throw new TypeError("only the hashing worker may start");
        return url;
      },
    });
    return new Worker(policy ? policy.createScriptURL(ADDRESS) : ADDRESS, { type: "module" });
  } catch {
    return undefined;
  }
}

export const hashFiles = hasherIn(startWorker);
