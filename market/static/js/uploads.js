// Sends one file in chunks and goes on where an interruption left it. No DOM.
//   POST  <base>                {version_id, path, size, sha256 (hex)}  → {upload, offset, chunk_size}
//   PATCH <base>/<upload>       Upload-Offset: n, Upload-Checksum: sha256 <base64>, the chunk → Upload-Offset of the next
//   HEAD  <base>/<upload>                                              → Upload-Offset
// The same POST for an unfinished file gives its upload and offset again. Each call carries X-CSRF-Token.
import { toBase64 } from "./bytes.js";
import { digest } from "./sha256.js";

const ATTEMPTS = 5;

/** The server refused for a reason that sending again does not change; `message` is its sentence. */
export class UploadRefused extends Error {}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function call(url, init) {
  const headers = { Accept: "application/json", ...init.headers };
  const answer = await fetch(url, { credentials: "same-origin", ...init, headers });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const text = problem.detail ?? problem.title ?? `HTTP ${answer.status}`;
  if (answer.status < 500 && ![408, 409, 429, 460].includes(answer.status)) throw new UploadRefused(text);
  throw new Error(text);
}

async function sendChunk(url, csrf, file, offset, chunkSize, signal) {
  const chunk = new Uint8Array(await file.slice(offset, offset + chunkSize).arrayBuffer());
  const headers = {
    "Content-Type": "application/offset+octet-stream",
    "Upload-Checksum": `sha256 ${toBase64(await digest(chunk))}`,
    "Upload-Offset": String(offset),
    "X-CSRF-Token": csrf,
  };
  const answer = await call(url, { method: "PATCH", headers, body: chunk, signal });
  return Number(answer.headers.get("Upload-Offset") ?? offset + chunk.length);
}

async function offsetOf(url, signal) {
  return Number((await call(url, { method: "HEAD", signal })).headers.get("Upload-Offset"));
}

/**
 * Uploads `file` as `path` of a version. `onProgress(offset)` in bytes; `signal` cancels; a dropped connection is
 * tried again from the offset that the server states, up to five times in a row.
 */
export async function uploadFile(base, csrf, { versionId, path, file, sha256 }, { onProgress = () => {}, signal } = {}) {
  const body = JSON.stringify({ version_id: versionId, path, size: file.size, sha256 });
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  const started = await (await call(base, { method: "POST", headers, body, signal })).json();
  const url = `${base}/${encodeURIComponent(started.upload)}`;
  let { offset } = started;
  for (let failures = 0; offset < file.size; ) {
    onProgress(offset);
    try {
      offset = await sendChunk(url, csrf, file, offset, started.chunk_size, signal);
      failures = 0;
    } catch (error) {
      if (signal?.aborted || error instanceof UploadRefused || ++failures >= ATTEMPTS) throw error;
      await pause(500 * 2 ** failures);
      offset = await offsetOf(url, signal).catch(() => offset);
    }
  }
  onProgress(offset);
  return started.upload;
}
