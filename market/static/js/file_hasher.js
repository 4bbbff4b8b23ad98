// Hashes chosen files with progress and cancel: in the module worker, or in the page, a slice at a time, where no
// worker starts. The page's policy has to name the one Trusted Types policy that this module makes, "datawharf-worker".
import { FileChanged } from "./file_digest.js";
import { hashFiles as hashInPage } from "./file_hasher_in_page.js";

const ADDRESS = new URL("./verify_worker.js", import.meta.url).href;

class WorkerFailed extends Error {}

let policy;
let spare;

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

function inWorker(worker, files, count, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      worker.terminate();
      reject(signal.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    worker.onmessage = ({ data }) => {
      if (data.progress) return count(data.progress);
      signal?.removeEventListener("abort", stop);
      spare = worker;
      return data.digests ? resolve(data.digests) : reject(new FileChanged(files[data.changed].name));
    };
    worker.onerror = () => reject(new WorkerFailed());
    worker.postMessage({ files });
  });
}

/** Digests (see digestFile) of each file, in order. `onProgress(done, total)` in bytes; `signal` cancels. */
export async function hashFiles(files, { onProgress = () => {}, signal } = {}) {
  signal?.throwIfAborted();
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const worker = spare ?? startWorker();
  spare = undefined;
  if (!worker) return hashInPage(files, { onProgress, signal });
  let done = 0;
  try {
    return await inWorker(worker, files, (bytes) => onProgress((done += bytes), total), signal);
  } catch (error) {
    if (!(error instanceof WorkerFailed)) throw error;
    return hashInPage(files, { onProgress, signal });
  }
}
