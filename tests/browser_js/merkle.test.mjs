import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./modules.mjs";

const { fromBase64, fromHex, toBase64, toHex, utf8 } = await load("bytes");
const { Unverified } = await load("errors");
const { leafHash, nodeHash, rootOf, verifyInclusion } = await load("merkle");

// transparency-dev/merkle testonly/constants.go
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** Path by the recursive definition of RFC 6962 §2.1.1, nothing shared with the module. */
function pathByDefinition(index, hashes) {
  if (hashes.length === 1) return [];
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  const [left, right] = [hashes.slice(0, k), hashes.slice(k)];
  return index < k ? [...pathByDefinition(index, left), rootOf(right)] : [...pathByDefinition(index - k, right), rootOf(left)];
}

test("roots of the published leaves", () => {
  const hashes = LEAVES.map((leaf) => leafHash(fromHex(leaf)));
  ROOTS.forEach((root, size) => assert.equal(toHex(rootOf(hashes.slice(0, size))), root));
});

test("every path of every tree up to 40 leaves verifies, and none of another length, place, size or content", () => {
  const hashes = Array.from({ length: 40 }, (_, i) => leafHash(utf8(`leaf ${i}`)));
  for (let size = 1; size <= 40; size++) {
    const root = rootOf(hashes.slice(0, size));
    for (let index = 0; index < size; index++) {
      const path = pathByDefinition(index, hashes.slice(0, size));
      verifyInclusion(hashes[index], index, size, path, root);
      const bad = [
        [hashes[index], index, size, [...path, root], root],
        [hashes[(index + 1) % 40], index, size, path, root],
        [hashes[index], size, size, path, root],
        [hashes[index], -1, size, path, root],
      ];
      if (path.length) {
        bad.push([hashes[index], index, size, path.slice(1), root], [hashes[index], index ^ 1, size, path, root]);
        bad.push([nodeHash(hashes[index], path[0]), index >> 1, size >> 1, path.slice(1), leafHash(root)]);
      }
      for (const attempt of bad) assert.throws(() => verifyInclusion(...attempt), Unverified);
    }
  }
});

test("entry 6 of the fifteen of Tessera's test log", () => {
  const path = [
    "ThcgoV2DYcK+VCxBUDWAlNxmLy2r7dq7dK7+OlgQKWs=",
    "ycRkkNklus5eMVRUvkD1pK321vMrA+jjOiZKU8aOcY4=",
    "zY1lN35vrXYAPixXSd59LsU29xUJtuW4o2dNNg5Y2Co=",
    "5jLpqTgjsBDSEX6SgZiRnbTMdTuRd8bQ5tSsAOxe0Ks=",
  ].map((hash) => fromBase64(hash));
  const root = fromBase64("rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=");
  assert.equal(toBase64(leafHash(utf8("seven"))), "2Q0P5jSR+TdkwdXWyx+GbBWX0KZbNZkWzCjyTPSozsw=");
  verifyInclusion(leafHash(utf8("seven")), 6, 15, path, root);
  assert.throws(() => verifyInclusion(leafHash(utf8("six")), 6, 15, path, root), Unverified);
});
