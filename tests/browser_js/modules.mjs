// Where the modules under test and the vectors live.
import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

export const load = (name) => import(new URL(`market/static/js/${name}.js`, root));
export const vectors = (name) => JSON.parse(readFileSync(new URL(`tests/vectors/browser/${name}.json`, root), "utf8"));
