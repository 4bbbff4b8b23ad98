import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { fromHex } = await load("bytes");
const { splitChosen } = await load("chosen_data");

const MANIFEST = "aa".repeat(32);
const digest = (byte) => ({ sha256: fromHex(byte.repeat(32)) });
const given = (...pairs) => pairs.map(([path, byte]) => ({ path, digest: digest(byte) }));
const paths = ({ manifest, data }) => [manifest?.path, data.map(({ path }) => path)];

test("the manifest is the file with the digest of the statement, whatever its name", () => {
  for (const name of [".manifest.json", "manifest.json", "0a1b.manifest.json"])
    assert.deepEqual(paths(splitChosen(given(["ports.csv", "bb"], [name, "aa"]), MANIFEST)), [name, ["ports.csv"]]);
});

test("a copy of the manifest is no data, and a file of that name with other bytes is", () => {
  const twice = given([".manifest.json", "aa"], ["manifest.json", "aa"], ["ports.csv", "bb"]);
  assert.deepEqual(paths(splitChosen(twice, MANIFEST)), [".manifest.json", ["ports.csv"]]);
  const registered = given(["manifest.json", "cc"], [".manifest.json", "aa"]);
  assert.deepEqual(paths(splitChosen(registered, MANIFEST)), [".manifest.json", ["manifest.json"]]);
});

test("where no file has that digest, the name decides, at the top of the folder only", () => {
  for (const statement of [MANIFEST, undefined]) {
    for (const name of [".manifest.json", "manifest.json"])
      assert.deepEqual(paths(splitChosen(given([name, "cc"], ["ports.csv", "bb"]), statement)), [name, ["ports.csv"]]);
    const inside = given(["docs/manifest.json", "cc"]);
    assert.deepEqual(paths(splitChosen(inside, statement)), [undefined, ["docs/manifest.json"]]);
  }
});
