// COSE (RFC 9052) of statements and receipts. No DOM.
// Statement = 18([protected, {}, payload, signature]); protected {1: -8, 3: content type, 4: kid,
//   15: {1: iss, 2: sub, 3: aud, 6: iat}}; payload = in-toto Statement v1 as RFC 8785 JSON; at most 65,535 bytes.
// Receipt (RFC 9942) = 18([protected {1: alg, 4: kid, 395: 1, 15: {1: issuer}},
//   {396: {-1: [bstr([size, index, [1*63 hash]])]}}, nil, signature over the root]).
// Signed bytes = ["Signature1", protected, h'', payload]. kid = thumbprint, see keys.js.
import { equal, fromHex, toHex } from "./bytes.js";
import { formatCanonical, parseCanonical } from "./canonical_json.js";
import { decode, encode, Tagged } from "./cbor.js";
import { verify } from "./ed25519.js";
import { Malformed, Unverified } from "./errors.js";
import { thumbprint } from "./keys.js";
import { leafHash, rootFromInclusion } from "./merkle.js";
import { checkMembers, isObject } from "./members.js";
import { once } from "./verifying.js";

const MAX_STATEMENT = 65535;
const CONTENT_TYPE = "application/vnd.in-toto+json";
const IN_TOTO = "https://in-toto.io/Statement/v1";
const EDDSA = [-8, -19];

export const toBeSigned = (protectedBytes, payload) =>
  encode(["Signature1", protectedBytes, new Uint8Array(), payload]);

const isBytes = (value) => value instanceof Uint8Array;
const isIndex = (value) => Number.isSafeInteger(value) && value >= 0;

/** [protected bytes, unprotected Map, payload bytes or null, signature] of a tag-18 COSE_Sign1. */
export function parseSign1(bytes, what) {
  const item = decode(bytes);
  const parts = item instanceof Tagged && item.tag === 18 ? item.value : undefined;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Malformed(`${what} is not a COSE_Sign1`);
  const [head, unprotected, payload, signature] = parts;
  if (!isBytes(head) || !(unprotected instanceof Map) || !(payload === null || isBytes(payload)) || !isBytes(signature))
    throw new Malformed(`${what} is not a COSE_Sign1`);
  if (!equal(encode(item), bytes)) throw new Malformed(`${what} is not in deterministic encoding`);
  return parts;
}

function parseHeader(bytes, what) {
  const header = decode(bytes);
  if (!(header instanceof Map)) throw new Malformed(`${what} has a protected header that is not a map`);
  if (header.has(2)) throw new Malformed(`${what} demands header parameters that are not understood here`);
  if (!EDDSA.includes(header.get(1))) throw new Malformed(`${what} is not signed with Ed25519`);
  return header;
}

/** Whether a claim is 1 to 1,024 printable characters; of white space only the plain space is. */
const isClaim = (text) =>
  typeof text === "string" && text !== "" && [...text].length <= 1024 && !/[\p{C}\p{Z}]/u.test(text.replaceAll(" ", ""));

function parseClaims(claims) {
  if (!(claims instanceof Map)) throw new Malformed("the statement has no claims in its protected header");
  const [iss, sub, aud, iat] = [1, 2, 3, 6].map((label) => claims.get(label));
  if (![iss, sub, aud].every(isClaim) || !isIndex(iat))
    throw new Malformed("the statement does not say issuer, subject, log and time");
  return { iss, sub, aud, iat };
}

function checkSubject(subject) {
  checkMembers(subject, ["digest", "name"], [], "a subject of the statement");
  const { name, digest } = subject;
  if (typeof name !== "string" || !name || !isObject(digest) || !Object.keys(digest).length)
    throw new Malformed("a subject of the statement does not consist of a name and a digest");
  for (const [algorithm, value] of Object.entries(digest))
    if (!value || !fromHex(value, algorithm === "sha256" ? 32 : undefined, "the digest of a subject"))
      throw new Malformed("a digest is empty");
}

function parseDocument(payload) {
  const document = parseCanonical(payload, "the payload of the statement");
  checkMembers(document, ["_type", "predicate", "predicateType", "subject"], [], "the payload of the statement");
  const { _type, predicate, predicateType, subject } = document;
  const known = _type === IN_TOTO && isObject(predicate) && typeof predicateType === "string" && predicateType;
  if (!known || !Array.isArray(subject) || !subject.length)
    throw new Malformed("the payload of the statement is not an in-toto statement");
  subject.forEach(checkSubject);
  return document;
}

/** Leaf bytes to {bytes, leafHash, protected, payload, signature, claims, kid, document}, nothing verified. */
export function parseStatement(bytes) {
  if (bytes.length > MAX_STATEMENT) throw new Malformed("the statement is longer than 65,535 bytes");
  const [head, unprotected, payload, signature] = parseSign1(bytes, "the statement");
  if (unprotected.size) throw new Malformed("the statement has an unprotected header");
  if (payload === null) throw new Malformed("the statement has no payload");
  if (signature.length !== 64) throw new Malformed("the signature of the statement has not 64 bytes");
  const header = parseHeader(head, "the statement");
  if (header.get(3) !== CONTENT_TYPE) throw new Malformed("the statement is not of a known content type");
  const kid = header.get(4);
  if (!isBytes(kid) || kid.length !== 32) throw new Malformed("the statement does not name its key");
  const claims = parseClaims(header.get(15));
  const document = parseDocument(payload);
  return { bytes, leafHash: leafHash(bytes), protected: head, payload, signature, claims, kid, document };
}

/** Throws Unverified unless the statement names this key and carries its signature. */
export async function verifyStatement(statement, key) {
  if (!equal(statement.kid, thumbprint(key))) throw new Unverified("the statement names another key");
  await verify(key, toBeSigned(statement.protected, statement.payload), statement.signature);
}

/** {protected, payload, toBeSigned} of a statement that is to be signed by the key with this thumbprint. */
export function statementToSign(document, { iss, sub, aud, iat }, kid) {
  const claims = new Map([[1, iss], [2, sub], [3, aud], [6, iat]]);
  const head = encode(new Map([[1, -8], [3, CONTENT_TYPE], [4, kid], [15, claims]]));
  const payload = formatCanonical(document);
  return { protected: head, payload, toBeSigned: toBeSigned(head, payload) };
}

/** Leaf bytes from the three parts. */
export const assembleStatement = (head, payload, signature) =>
  encode(new Tagged(18, [head, new Map(), payload, signature]));

function parseProof(bytes) {
  const proof = decode(bytes);
  const [size, index, path] = Array.isArray(proof) && proof.length === 3 ? proof : [];
  const placed = isIndex(index) && isIndex(size) && index < size;
  const isPath = Array.isArray(path) && path.length >= 1 && path.length <= 63;
  if (!placed || !isPath || !path.every((hash) => isBytes(hash) && hash.length === 32))
    throw new Malformed("the proof in the COSE receipt is not a size, an index and a path of 1 to 63 hashes");
  if (!equal(encode(proof), bytes))
    throw new Malformed("the proof in the COSE receipt is not in deterministic encoding");
  return { size, index, path };
}

/** RFC 9942 receipt to {protected, kid, size, index, path, signature}, nothing verified. */
export function parseCoseReceipt(bytes) {
  const [head, unprotected, payload, signature] = parseSign1(bytes, "the COSE receipt");
  if (payload !== null) throw new Malformed("the COSE receipt brings its own root, which nothing ties to the entry");
  if (signature.length !== 64) throw new Malformed("the signature of the COSE receipt has not 64 bytes");
  const header = parseHeader(head, "the COSE receipt");
  if (header.get(395) !== 1) throw new Malformed("the COSE receipt is not over an RFC 9162 tree");
  const proofs = unprotected.size === 1 ? unprotected.get(396) : undefined;
  const encoded = proofs instanceof Map && proofs.size === 1 ? proofs.get(-1) : undefined;
  if (!Array.isArray(encoded) || encoded.length !== 1 || !isBytes(encoded[0]))
    throw new Malformed("the COSE receipt does not carry exactly one inclusion proof");
  return { protected: head, kid: header.get(4), signature, ...parseProof(encoded[0]) };
}

/** The constant protected header of the receipts of a log under its receipt key. */
export const receiptHeader = (key, origin) =>
  encode(new Map([[1, -8], [4, thumbprint(key)], [15, new Map([[1, origin], [2, origin]])], [395, 1]]));

/**
 * Root under which `key` signed that the entry with this leaf hash is in the log; Malformed or Unverified otherwise. `known`
 * is that root where this very path was followed before.
 */
export async function verifyCoseReceipt(receipt, hash, key, known) {
  if (receipt.kid !== undefined && receipt.kid !== null && !(isBytes(receipt.kid) && equal(receipt.kid, thumbprint(key))))
    throw new Unverified("the COSE receipt names another key");
  const root = known ?? rootFromInclusion(hash, receipt.index, receipt.size, receipt.path);
  const given = [key, receipt.protected, root, receipt.signature].map(toHex).join(" ");
  await once("root", given, () => verify(key, toBeSigned(receipt.protected, root), receipt.signature));
  return root;
}
