// Hashes chosen files in the page, a slice at a time, with progress and cancel.
import { digestFile } from "./file_digest.js";

/** Digests (see digestFile) of each file, in order. `onProgress(done, total)` in bytes; `signal` cancels. */
export async function hashFiles(files, { onProgress = () => {}, signal } = {}) {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const digests = [];
  let done = 0;
  const count = (bytes) => onProgress((done += bytes), total);
  for (const file of files) digests.push(await digestFile(file, { onProgress: count, signal }));
  return digests;
}
