// The index's own log: its entries, and the platform's statement that names it (ledger/index/state.py, announcement.py). No DOM.
//   entry = datawharf/index-state/v1 LF origin LF size LF base64 root LF map version LF base64 map root LF
//   index-map/v1 {"origin": origin of the index log, "log": vkey, "cosigner": vkey, "map": version, "definition": hex},
//   signed by the platform key of entry 0
import { equal, fromBase64, fromHex, fromUtf8 } from "./bytes.js";
import { checkIssuer, predicateOf } from "./bindings.js";
import { parseCount } from "./checkpoint.js";
import { verifyStatement } from "./cose.js";
import { Malformed, Unverified } from "./errors.js";
import { DEFINITION_DIGEST, MAP_VERSION } from "./index_keys.js";
import { COSIGNATURE, ED25519, parseVkey } from "./note.js";

export const indexOrigin = (origin) => `${origin}/index/v1`;

function checkVersion(version) {
  if (version !== MAP_VERSION)
    throw new Malformed(`the index has the map function “${version.slice(0, 80)}”; this program knows ${MAP_VERSION}`);
}

function root(text, what) {
  const bytes = fromBase64(text, what);
  if (bytes.length !== 32) throw new Malformed(`${what} has not 32 bytes`);
  return bytes;
}

/** Entry of an index log to {origin, size, root, mapRoot}: the map of the log at that size. */
export function parseState(bytes) {
  const lines = fromUtf8(bytes, "the entry of the index").split("\n");
  if (lines.length !== 7 || lines[0] !== "datawharf/index-state/v1" || lines[6])
    throw new Malformed("the entry of the index is not a state with 5 fields");
  const [, origin, size, logRoot, version, mapRoot] = lines;
  checkVersion(version);
  if (size === "0") throw new Malformed("the entry of the index is of a log without entries");
  return { origin, size: parseCount(size, "the size in the index"), root: root(logRoot, "the root in the index"), mapRoot: root(mapRoot, "the map root") };
}

function parseAnnouncement(statement) {
  const names = ["origin", "log", "cosigner", "map", "definition"];
  const found = predicateOf(statement, "urn:datawharf:predicate/index-map/v1", names);
  if (names.some((name) => typeof found[name] !== "string"))
    throw new Malformed("the statement about the index has a field that is not text");
  const [log, cosigner] = [parseVkey(found.log), parseVkey(found.cosigner)];
  if (log.kind !== ED25519 || cosigner.kind !== COSIGNATURE)
    throw new Malformed("the index has a key for checkpoints or cosignatures that is not of that kind");
  if (log.name !== found.origin) throw new Malformed("the key of the index does not bear the name of the index");
  checkVersion(found.map);
  if (!equal(fromHex(found.definition, 32, "the digest of the map function"), DEFINITION_DIGEST))
    throw new Malformed("the index has another definition of its map function than this program");
  return { log, cosigner };
}

/** {log, cosigner} (verifiers) of the index, if the platform of `policy` named them for this log. */
export async function verifyAnnouncement(statement, policy) {
  const found = parseAnnouncement(statement);
  checkIssuer(statement, policy);
  if (found.log.name !== indexOrigin(policy.origin))
    throw new Unverified(`the platform names the index ${found.log.name}, which is not that of this log`);
  await verifyStatement(statement, policy.platformKey);
  return found;
}
