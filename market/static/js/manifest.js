// The manifest of a version: RFC 8785 JSON {"contentRoot": hex, "files": [row…], "version": 1}. No DOM.
// Row {"chunks"?, "mediaType", "path", "recordRoot"?, "sha256", "size"}, ordered by the UTF-8 bytes of the path;
// content root = RFC 6962 root over the rows' bytes; chunks exactly when the file is over 16 MiB.
import { compare, equal, fromHex, toHex, utf8 } from "./bytes.js";
import { formatCanonical, parseCanonical } from "./canonical_json.js";
import { Malformed } from "./errors.js";
import { CHUNKED_ABOVE } from "./file_digest.js";
import { checkMembers } from "./members.js";
import { leafHash, rootOf } from "./merkle.js";
import { checkPath, checkPaths } from "./paths.js";
import { sha256 } from "./sha256.js";

const NAME = "[a-z0-9][a-z0-9!#$&^_.+-]{0,126}";
const MEDIA_TYPE = new RegExp(`^${NAME}/${NAME}(?:; ?${NAME}=[A-Za-z0-9._+-]{1,64}){0,4}$`);

function checkRow(row) {
  checkMembers(row, ["mediaType", "path", "sha256", "size"], ["chunks", "recordRoot"], "a file of the manifest");
  const { path, size, mediaType } = row;
  if (typeof path !== "string" || typeof mediaType !== "string")
    throw new Malformed("a file of the manifest has no name or type");
  checkPath(path);
  if (!Number.isSafeInteger(size) || size < 0) throw new Malformed(`the file “${path}” has no size`);
  if (!MEDIA_TYPE.test(mediaType)) throw new Malformed(`the file “${path}” has no media type of the form type/subtype`);
  for (const name of ["sha256", "chunks", "recordRoot"])
    if (name in row) fromHex(row[name], 32, `a hash of the file “${path}”`);
  if ("chunks" in row !== size > CHUNKED_ABOVE)
    throw new Malformed(`the file “${path}” must have chunks exactly if it is over 16 MiB`);
}

/** Row of a digest (see digestFile); the media type falls back to application/octet-stream. */
export function rowOf(path, mediaType, digest) {
  const kind = MEDIA_TYPE.test(mediaType) ? mediaType : "application/octet-stream";
  const row = { path, size: digest.size, sha256: toHex(digest.sha256), mediaType: kind };
  return digest.chunks ? { ...row, chunks: toHex(digest.chunks) } : row;
}

/** {rows, contentRoot, canonical (bytes), digest} of rows in any order; Malformed if they make no manifest. */
export function buildManifest(rows) {
  if (!rows.length) throw new Malformed("a manifest names at least one file");
  rows.forEach(checkRow);
  const files = [...rows].sort((a, b) => compare(utf8(a.path), utf8(b.path)));
  checkPaths(files.map(({ path }) => path));
  const contentRoot = rootOf(files.map((row) => leafHash(formatCanonical(row))));
  const canonical = formatCanonical({ contentRoot: toHex(contentRoot), files, version: 1 });
  return { rows: files, contentRoot, canonical, digest: sha256(canonical) };
}

/** The manifest whose canonical bytes these are. */
export function parseManifest(bytes) {
  const value = parseCanonical(bytes, "the manifest");
  checkMembers(value, ["contentRoot", "files", "version"], [], "the manifest");
  if (value.version !== 1 || !Array.isArray(value.files))
    throw new Malformed("the manifest is of a version that this program does not know");
  const manifest = buildManifest(value.files);
  if (!equal(manifest.canonical, bytes))
    throw new Malformed("the manifest has another content root or order than its files give");
  return manifest;
}
