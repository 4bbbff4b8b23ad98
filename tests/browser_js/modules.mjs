// Where the modules under test and the vectors (see write_vectors.py) lie.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../../market/static/js/", import.meta.url);

export const load = (name) => import(new URL(`${name}.js`, root));
export const vectors = (name) => JSON.parse(readFileSync(join(process.env.VECTORS, `${name}.json`), "utf8"));
