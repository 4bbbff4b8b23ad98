// Digests of files of any size, read in slices of 1 MiB: SHA-256 of the whole, and above 16 MiB also the
// RFC 6962 root over 4 MiB chunks (leaf = SHA-256(0x00 ‖ chunk)). Needs only Blob.slice and WebCrypto; no DOM.
import { concat } from "./bytes.js";
import { rootOf } from "./merkle.js";
import { digest, Sha256 } from "./sha256.js";

export const CHUNK_SIZE = 4 * 2 ** 20;
export const CHUNKED_ABOVE = 16 * 2 ** 20;
const SLICE = 2 ** 20;

/** The bytes changed, or could no longer be read, while they were being hashed. */
export class FileChanged extends Error {
  name = "FileChanged";
}

async function readSlice(blob, at) {
  const slice = blob.slice(at, at + SLICE);
  const bytes = await slice.arrayBuffer().then((buffer) => new Uint8Array(buffer), () => undefined);
  if (bytes?.length !== Math.min(SLICE, blob.size - at)) throw new FileChanged("the file changed while it was read");
  return bytes;
}

/**
 * {size, sha256, chunks (32 bytes or undefined), chunkHashes: [32 bytes]} of a Blob or File.
 * `onProgress(bytes)` is told each slice; an aborted `signal` ends it with the signal's reason.
 */
export async function digestFile(blob, { onProgress = () => {}, signal } = {}) {
  const whole = new Sha256();
  const chunked = blob.size > CHUNKED_ABOVE;
  const chunkHashes = [];
  let chunk = [new Uint8Array(1)];
  for (let at = 0; at < blob.size; at += SLICE) {
    signal?.throwIfAborted();
    const bytes = await readSlice(blob, at);
    whole.update(bytes);
    if (chunked) {
      chunk.push(bytes);
      const end = at + bytes.length;
      if (end % CHUNK_SIZE === 0 || end === blob.size) {
        chunkHashes.push(await digest(concat(...chunk)));
        chunk = [new Uint8Array(1)];
      }
    }
    onProgress(bytes.length);
  }
  const chunks = chunked ? rootOf(chunkHashes) : undefined;
  return { size: blob.size, sha256: whole.digest(), chunks, chunkHashes };
}
