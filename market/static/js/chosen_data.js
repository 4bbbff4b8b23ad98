// Which of the chosen files is the manifest: the one with the digest that the statement names, whatever it is called.
// `datawharf download` keeps it in the folder as .manifest.json; a data set may have a file manifest.json of its own. No DOM.
import { toHex } from "./bytes.js";

const NAMES = ["manifest.json", ".manifest.json"];

/**
 * {manifest (undefined if there is none), data} out of `chosen`, each {path, digest (see digestFile)}. `registered` is the
 * manifest's digest in hex as the statement has it; where no file has it, a manifest goes by its name.
 */
export function splitChosen(chosen, registered) {
  const same = chosen.filter(({ digest }) => toHex(digest.sha256) === registered);
  const manifests = same.length ? same : chosen.filter(({ path }) => NAMES.includes(path)).slice(0, 1);
  return { manifest: manifests[0], data: chosen.filter((file) => !manifests.includes(file)) };
}
