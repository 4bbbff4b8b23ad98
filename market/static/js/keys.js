// Names and promises of Ed25519 keys. No DOM.
// thumbprint (RFC 9679) = SHA-256 of the deterministic CBOR {1: 1, -1: 6, -2: key}; the `kid` of what the key signs.
// possession message = "datawharf/key-possession/v1\n" ‖ RFC 8785 JSON {"aud": origin, "key": hex, "org": URN}.
import { concat, fromHex, utf8 } from "./bytes.js";
import { formatCanonical } from "./canonical_json.js";
import { sha256 } from "./sha256.js";

const COSE_KEY_HEAD = fromHex("a301012006215820");

/** 32 bytes that name a 32-byte public key. */
export const thumbprint = (key) => sha256(COSE_KEY_HEAD, key);

/** What a key (in hex) signs before it is bound to `org` in the log `aud`. */
export const possessionMessage = (aud, key, org) =>
  concat(utf8("datawharf/key-possession/v1\n"), formatCanonical({ aud, key, org }));
