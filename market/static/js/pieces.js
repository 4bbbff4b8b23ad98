// What a file is, by its content, and the forms of a receipt besides the bundle. No DOM.
//   tlog-proof (ledger/tlog_proof.py): "c2sp.org/tlog-proof@v1" LF ["extra <base64>" LF] "index <n>" LF, a base64 hash a line,
//   LF, checkpoint note. COSE: a receipt (RFC 9942); a transparent statement (RFC 9943), which is the entry with {394:
//   [receipts]} for its unprotected header; or the entry itself.
import { equal, fromBase64, fromUtf8, utf8 } from "./bytes.js";
import { encode, Tagged } from "./cbor.js";
import { parseCount } from "./checkpoint.js";
import { parseCoseReceipt, parseSign1, parseStatement } from "./cose.js";
import { Malformed } from "./errors.js";
import { parseNote } from "./note.js";

const PROOF = "c2sp.org/tlog-proof@v1";
const TAG_18 = 0xd2;
const RECEIPTS = 394;
const MAX_RECEIPTS = 16;
const HEAD = 2048;

/**
 * "bundle", "history", "manifest", "trust", "tlog-proof" or "cose", as the first bytes of a file say; undefined for any
 * other file. Only what is meant, not whether it is right: reading it says that.
 */
export function kindOf(bytes) {
  if (bytes[0] === TAG_18) return "cose";
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD));
  if (head.startsWith(PROOF)) return "tlog-proof";
  if (/^(?:\s*#.*\n|\s*\n)*log[ \t]+[^\s+]+\+[0-9a-f]{8}\+/.test(head)) return "trust";
  if (/^\s*\{\s*"contentRoot"/.test(head)) return "manifest";
  if (!/^\s*\{\s*"(?:checkpoint|inclusion|version)"/.test(head)) return undefined;
  const note = /^\{"checkpoint":"(?:[^"\\]|\\.)*","(\w+)"/.exec(new TextDecoder().decode(bytes.subarray(0, 1 << 20)));
  return ["entries", "index"].includes(note?.[1]) ? "history" : "bundle";
}

function parseTlogProof(bytes) {
  const at = bytes.findIndex((byte, i) => byte === 10 && bytes[i + 1] === 10);
  if (at < 0) throw new Malformed("the proof has no empty line before its checkpoint");
  const [first, ...lines] = fromUtf8(bytes.subarray(0, at), "the proof").split("\n");
  if (first !== PROOF) throw new Malformed(`the proof does not start with ${PROOF}`);
  if (lines[0]?.startsWith("extra ")) fromBase64(lines.shift().slice(6), "the context of the proof");
  const [, index] = /^index (.+)$/.exec(lines.shift() ?? "") ?? [];
  if (index === undefined) throw new Malformed("the proof does not say of which entry it is");
  const path = lines.map((line) => fromBase64(line, "a hash in the proof"));
  if (path.length > 63 || path.some((hash) => hash.length !== 32))
    throw new Malformed("the proof does not consist of at most 63 hashes of 32 bytes");
  const checkpoint = bytes.slice(at + 2);
  parseNote(checkpoint);
  return { form: "tlog-proof (C2SP)", index: parseCount(index, "the index in the proof"), path, checkpoint };
}

function parseTransparent([head, unprotected, payload, signature]) {
  const receipts = unprotected.size === 1 ? unprotected.get(RECEIPTS) : undefined;
  if (!Array.isArray(receipts) || !receipts.length || receipts.length > MAX_RECEIPTS)
    throw new Malformed("the transparent statement does not carry receipts, and nothing else, unsigned");
  for (const receipt of receipts) {
    if (!(receipt instanceof Uint8Array)) throw new Malformed("a receipt in the transparent statement is no byte string");
    parseCoseReceipt(receipt);
  }
  const statement = parseStatement(encode(new Tagged(18, [head, new Map(), payload, signature])));
  return { form: "transparent statement (RFC 9943)", statement, coseReceipts: receipts };
}

function parseCose(bytes) {
  const parts = parseSign1(bytes, "the file");
  if (parts[2] === null) {
    parseCoseReceipt(bytes);
    return { form: "receipt (RFC 9942)", coseReceipts: [bytes] };
  }
  if (parts[1].size) return parseTransparent(parts);
  return { form: "statement (COSE)", statement: parseStatement(bytes) };
}

/** {form, statement?, index?, path?, checkpoint? (note bytes), coseReceipts?} of a file that holds part of a receipt. */
export const parsePiece = (bytes) => (kindOf(bytes) === "cose" ? parseCose(bytes) : parseTlogProof(bytes));

/** Whether two pieces may be of one receipt: none has what the other has too, unless it is the same. */
export function fit(one, other) {
  const statements = [one.statement, other.statement].filter(Boolean);
  const same = statements.length < 2 || equal(statements[0].bytes, statements[1].bytes);
  return same && !(one.checkpoint && other.checkpoint) && !(one.coseReceipts && other.coseReceipts);
}

/** The lines of a file of receipts, one to a line, each as bytes; the file itself if it is no such file. */
export function linesOf(bytes) {
  if (!bytes.includes(10)) return [bytes];
  const lines = new TextDecoder().decode(bytes).split("\n").filter(Boolean);
  return lines.length > 1 && lines.every((line) => line.startsWith('{"')) ? lines.map(utf8) : [bytes];
}
