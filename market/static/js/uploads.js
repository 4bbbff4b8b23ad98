// Sends one file in chunks and goes on where an interruption left it. No DOM.
//   POST  <base>                {version_id, path, size, sha256 (hex)}  → {upload, offset, chunk_size}
//   PATCH <base>/<upload>       Upload-Offset: n, Upload-Checksum: …, the bytes           → Upload-Offset of the next
//     Upload-Checksum: sha256 <base64 of their SHA-256>, or chunks <base64 of the hashes of the 4 MiB chunks in them>
//   HEAD  <base>/<upload>                                              → Upload-Offset
// The same POST for an unfinished file gives its upload and offset again. Each call carries X-CSRF-Token.
import { concat, toBase64 } from "./bytes.js";
import { CHUNK_SIZE } from "./file_digest.js";
import { digest } from "./sha256.js";

const ATTEMPTS = 5;
// What is held in memory, and sent again after an interruption.
const MOST = 16 << 20;

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

/** Where the request from `offset` on ends: at the end of a chunk if that is not too far. */
function endOf(file, offset, most) {
  const end = Math.min(offset + most, file.size);
  const whole = end - (end % CHUNK_SIZE);
  return end < file.size && whole > offset ? whole : end;
}

/** What the bytes [start, end) are said to be; the hashes of their chunks are known already. */
async function checksumOf(bytes, { start, end, size }, chunkHashes) {
  if (chunkHashes.length && start % CHUNK_SIZE === 0 && (end % CHUNK_SIZE === 0 || end === size)) {
    const hashes = chunkHashes.slice(start / CHUNK_SIZE, Math.ceil(end / CHUNK_SIZE));
    return `chunks ${toBase64(concat(...hashes))}`;
  }
  return `sha256 ${toBase64(await digest(bytes))}`;
}

async function sendPart(url, csrf, { file, chunkHashes = [] }, start, most, signal) {
  const end = endOf(file, start, Math.min(most, MOST));
  const bytes = new Uint8Array(await file.slice(start, end).arrayBuffer());
  const headers = {
    "Content-Type": "application/offset+octet-stream",
    "Upload-Checksum": await checksumOf(bytes, { start, end, size: file.size }, chunkHashes),
    "Upload-Offset": String(start),
    "X-CSRF-Token": csrf,
  };
  const answer = await call(url, { method: "PATCH", headers, body: bytes, signal });
  return Number(answer.headers.get("Upload-Offset") ?? end);
}

async function offsetOf(url, signal) {
  return Number((await call(url, { method: "HEAD", signal })).headers.get("Upload-Offset"));
}

/**
 * Uploads `file` as `path` of a version; `chunkHashes` as `digestFile` gives them. `onProgress(offset)` in bytes;
 * `signal` cancels; a dropped connection is tried again from the offset that the server states, up to five times in
 * a row.
 */
export async function uploadFile(base, csrf, what, { onProgress = () => {}, signal } = {}) {
  const { versionId, path, file, sha256 } = what;
  const body = JSON.stringify({ version_id: versionId, path, size: file.size, sha256 });
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  const started = await (await call(base, { method: "POST", headers, body, signal })).json();
  const url = `${base}/${encodeURIComponent(started.upload)}`;
  let { offset } = started;
  for (let failures = 0; offset < file.size; ) {
    onProgress(offset);
    try {
      offset = await sendPart(url, csrf, what, offset, started.chunk_size, signal);
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
