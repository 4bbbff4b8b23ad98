// Module worker: hashes the files it is given one after the other, so that the page stays free.
// In: {files: [File]}. Out: {progress: bytes} many times, then {digests: […]} or {changed: file index}.
import { digestFile, FileChanged } from "./file_digest.js";

self.addEventListener("message", async ({ data }) => {
  const digests = [];
  try {
    for (const file of data.files)
      digests.push(await digestFile(file, { onProgress: (progress) => self.postMessage({ progress }) }));
    self.postMessage({ digests });
  } catch (error) {
    if (!(error instanceof FileChanged)) throw error;
    self.postMessage({ changed: digests.length });
  }
});
