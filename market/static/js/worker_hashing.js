// Hashes chosen files in a worker, with progress and cancel; in the page, a slice at a time, where no worker starts.
import { FileChanged } from "./file_digest.js";
import { hashFiles as hashInPage } from "./file_hasher_in_page.js";

class WorkerFailed extends Error {}

function inWorker(worker, files, count, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      worker.terminate();
      reject(signal.reason);
    };
    const ended = () => signal?.removeEventListener("abort", stop);
    signal?.addEventListener("abort", stop, { once: true });
    worker.onmessage = ({ data }) => {
      if (data.progress) return count(data.progress);
      ended();
      return data.digests ? resolve(data.digests) : reject(new FileChanged(files[data.changed].name));
    };
    worker.onerror = () => {
      ended();
      reject(new WorkerFailed());
    };
    worker.postMessage({ files });
  });
}

/**
 * A function that gives the digests (see digestFile) of each file, in order. `onProgress(done, total)` in bytes; `signal`
 * cancels. `start` makes a worker that runs verify_worker.js, or gives undefined.
 */
export function hasherIn(start) {
  let spare;
  return async (files, { onProgress = () => {}, signal } = {}) => {
    signal?.throwIfAborted();
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const worker = spare ?? start();
    spare = undefined;
    if (!worker) return hashInPage(files, { onProgress, signal });
    let done = 0;
    try {
      const digests = await inWorker(worker, files, (bytes) => onProgress((done += bytes), total), signal);
      spare = worker;
      return digests;
    } catch (error) {
      if (error instanceof FileChanged) spare = worker;
      if (!(error instanceof WorkerFailed)) throw error;
      return hashInPage(files, { onProgress, signal });
    }
  };
}
