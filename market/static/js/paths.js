// Names of files inside a manifest (the rules of ledger/paths.py). No DOM.
// Segments joined by "/", NFC, at most 1,024 bytes, 255 a segment; nothing that a system or a person mixes up.
import { utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

const REFUSED =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>:"|?*\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\p{Noncharacter_Code_Point}]/u;
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])$/i;
const INVISIBLE = /[\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f]/gu;
const FROM = "авекмнорстухѕіјԁԛԝӏһαβεηικνορτυχıɑɡ";
const TO = "abekmhopctyxsijdqwlhabenikvoptuxiag";

function checkSegment(segment, path) {
  if (!segment) throw new Malformed(`the file name “${path}” is absolute or has an empty part`);
  if (segment === "." || segment === "..") throw new Malformed(`the file name “${path}” contains “${segment}”`);
  if (utf8(segment).length > 255) throw new Malformed(`a part of the file name “${path}” has more than 255 bytes`);
  if (/[. ]$/.test(segment)) throw new Malformed(`a part of the file name “${path}” ends in a dot or a space`);
  if (DEVICE.test(segment.split(".")[0].replace(/ +$/, "")))
    throw new Malformed(`the file name “${path}” contains “${segment}”, which is a device on Windows`);
}

const codePoint = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Malformed, with the reason, unless `path` may stand in a manifest. */
export function checkPath(path) {
  if (!path || utf8(path).length > 1024) throw new Malformed("a file name has not 1 to 1,024 bytes");
  if (path.normalize("NFC") !== path) throw new Malformed(`the file name “${path}” is not in Unicode normal form C`);
  const refused = REFUSED.exec(path);
  if (refused)
    throw new Malformed(`the file name contains the character ${codePoint(refused[0])}, which is not allowed`);
  for (const segment of path.split("/")) checkSegment(segment, path);
}

/** What is left of a path when everything is folded away by which two names can be mistaken for each other. */
export function skeleton(path) {
  const folded = path.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ").replace(INVISIBLE, "");
  return Array.from(folded, (char) => TO[FROM.indexOf(char)] ?? char).join("").normalize("NFKC");
}

/** Malformed unless `paths` may stand in one manifest together. */
export function checkPaths(paths) {
  const seen = new Map();
  const folders = new Map();
  for (const path of paths) {
    checkPath(path);
    const folded = skeleton(path);
    const other = seen.get(folded) ?? folders.get(folded);
    if (other !== undefined) throw new Malformed(`the file names “${other}” and “${path}” are too alike to tell apart`);
    seen.set(folded, path);
    for (let at = folded.indexOf("/"); at >= 0; at = folded.indexOf("/", at + 1)) {
      const folder = folded.slice(0, at);
      if (seen.has(folder)) throw new Malformed(`the file name “${seen.get(folder)}” is also a folder of “${path}”`);
      if (!folders.has(folder)) folders.set(folder, path);
    }
  }
}
