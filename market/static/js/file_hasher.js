// Hashes chosen files with progress and cancel: in the module worker where the page's policy lets one start, else in
// the page, a slice at a time. `trusted-types 'none'` forbids every worker address, so a page whose policy names
// "datawharf-worker" says so by <meta name="datawharf-worker" content="allowed">.
import { digestFile, FileChanged } from "./file_digest.js";

function startWorker() {
  if (!document.querySelector('meta[name="datawharf-worker"][content="allowed"]')) return undefined;
  const address = new URL("./verify_worker.js", import.meta.url).href;
  const policy = globalThis.trustedTypes?.createPolicy("datawharf-worker", {
    createScriptURL: (url) => {
      if (url !== address) throw new TypeError("only the hashing worker may start");
      return url;
    },
  });
  return new Worker(policy ? policy.createScriptURL(address) : address, { type: "module" });
}

let spare;

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
    worker.onerror = () => reject(new FileChanged("the hashing worker stopped"));
    worker.postMessage({ files });
  });
}

/** Digests (see digestFile) of each file, in order. `onProgress(done, total)` in bytes; `signal` cancels. */
export async function hashFiles(files, { onProgress = () => {}, signal } = {}) {
  signal?.throwIfAborted();
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const count = (bytes) => onProgress((done += bytes), total);
  const worker = spare ?? startWorker();
  spare = undefined;
  if (worker) return inWorker(worker, files, count, signal);
  const digests = [];
  for (const file of files) digests.push(await digestFile(file, { onProgress: count, signal }));
  return digests;
}
