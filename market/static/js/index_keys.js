// From the bytes of an entry to the keys under which the index lists it: map function datawharf/index-map/v1, whose
// definition in words stands in ledger/index/keys.py. No DOM.
import { fromHex, toHex, utf8 } from "./bytes.js";
import { parseStatement } from "./cose.js";
import { Malformed } from "./errors.js";
import { sha256 } from "./sha256.js";

export const MAP_VERSION = "datawharf/index-map/v1";
export const DEFINITION_DIGEST = fromHex("d14170c0c901fe8f8f54b8e3287ea72ea03d26569d8b7e53841aa78adf63d290");

const URN = /^urn:datawharf:([0-9a-f]{16}):([a-z][a-z0-9-]{0,31}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const HASH = /^[0-9a-f]{64}$/;
const CODE = /^[A-Z0-9][A-Z0-9-]{3,39}$/;
const CERTIFICATE = /^urn:datawharf:predicate\/certificate\/v[0-9]+$/;
const REFERENCES = ["binding", "derivedFrom", "offer", "previous", "registration"];

function* texts(name, value) {
  if (typeof value === "string") yield [name, value];
  else if (Array.isArray(value)) for (const item of value) yield* texts(name, item);
  else if (value !== null && typeof value === "object")
    for (const inner of Object.keys(value)) yield* texts(inner, value[inner]);
}

function* keysOfStatement({ claims: { iss, sub, aud }, kid, document: { predicate, predicateType } }) {
  const home = toHex(sha256(utf8(aud))).slice(0, 16);
  const named = (text) => {
    const [, origin, kind, uuid] = URN.exec(text) ?? [];
    return origin === home ? [`${kind}:${uuid}`] : [];
  };
  yield* [`kind:${predicateType}`, `signer:${toHex(kid)}`, `iss:${iss}`, `sub:${sub}`, ...named(iss), ...named(sub)];
  for (const [name, text] of texts("", predicate)) {
    yield* named(text);
    if (HASH.test(text)) {
      if (name === "key") yield `key:${text}`;
      else if (REFERENCES.includes(name)) yield `leaf:${text}`;
    } else if (name === "number" && CERTIFICATE.test(predicateType) && CODE.test(text)) yield `certificate:${text}`;
  }
}

/** The keys of an entry, each once, at least one. What is no statement has the key "unreadable". */
export function keysOf(entry) {
  let statement;
  try {
    statement = parseStatement(entry);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return ["unreadable"];
  }
  return [...new Set(keysOfStatement(statement))];
}
