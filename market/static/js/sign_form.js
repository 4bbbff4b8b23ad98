// What a form asks to sign, shown to the signer and signed with the organisation's key of this browser.
//   <form data-org="urn:…" data-origin="log origin"> with hidden fields `protected`, `payload` (base64), `signature`
//   (filled here, base64) and perhaps `openings` (base64 of JSON [{name, salt, content}], salt and content in base64);
//   [data-shown="header"], [data-shown="payload"], [data-shown="openings"]: where the signer reads what he signs.
// The text is decoded here from the very bytes that are signed. If the server has put text there it must say the same,
// and an opening must open the commitment of its name, or nothing is signed.
import { equal, fromBase64, toBase64, toHex } from "./bytes.js";
import { formatCanonical, parseCanonical } from "./canonical_json.js";
import { assembleStatement, parseStatement, toBeSigned } from "./cose.js";
import { sign } from "./ed25519.js";
import { loadKey } from "./keystore.js";
import { say } from "./page_parts.js";
import { opens, parseOpening } from "./receipt.js";

export const WORDS = {
  broken: {
    en: "This form cannot be signed: {reason}. Open the page again; if it stays, tell the operator.",
    zh: "此表单不能签名（{reason}）。重新打开页面；若仍出现，告知运营方。",
  },
  other: { en: "what it names is not this organisation and this ledger", zh: "其中的主体或账本不是本机构、本账本" },
  differs: { en: "what is shown is not what would be signed", zh: "显示的内容与待签内容不同" },
  opening: { en: "“{name}” is not what the statement commits to", zh: "“{name}”与待签承诺值不符" },
  changed: { en: "the form changed after it was shown", zh: "表单在显示之后被改动" },
  noKey: {
    en: "This browser does not hold the key of your organisation. Restore it from its recovery file first.",
    zh: "此浏览器中没有本机构的密钥，先用恢复文件恢复。",
  },
  otherKey: {
    en: "This browser holds key {mine}, but the form asks for key {asked}. Restore that key, or register yours.",
    zh: "此浏览器中的密钥为 {mine}，表单要求密钥 {asked}。恢复该密钥，或登记现有密钥。",
  },
  ready: { en: "Ready to sign with key {mine}.", zh: "可以用密钥 {mine} 签名。" },
};

const field = (form, name) => fromBase64(form.elements.namedItem(name).value, name);

/** The statement that the form asks to sign, without its signature; throws when it is none or not ours. */
export function readStatement(form) {
  const head = field(form, "protected");
  const payload = field(form, "payload");
  const statement = parseStatement(assembleStatement(head, payload, new Uint8Array(64)));
  if (statement.claims.iss !== form.dataset.org || statement.claims.aud !== form.dataset.origin)
    throw new Error(say(WORDS.other));
  return statement;
}

function showHeader(form, { claims, kid }) {
  const place = form.querySelector('[data-shown="header"]');
  const lines = [["iss", claims.iss], ["sub", claims.sub], ["aud", claims.aud]];
  lines.push(["iat", new Date(claims.iat * 1000).toISOString()], ["kid", toHex(kid)]);
  place.textContent = lines.map((pair) => pair.join("  ")).join("\n");
}

function showPayload(form, { payload, document: value }) {
  const place = form.querySelector('[data-shown="payload"]');
  const shown = place.textContent.trim();
  if (shown && !equal(formatCanonical(JSON.parse(shown)), payload)) throw new Error(say(WORDS.differs));
  place.textContent = JSON.stringify(value, null, 2);
}

function showOpenings(form, statement) {
  const encoded = form.elements.namedItem("openings")?.value;
  if (!encoded) return;
  const openings = parseCanonical(fromBase64(encoded, "openings")).map(parseOpening);
  for (const opening of openings)
    if (!opens(statement.document.predicate[opening.name], opening)) throw new Error(say(WORDS.opening, opening));
  const texts = openings.map(({ name, content }) => `${name}  ${JSON.stringify(parseCanonical(content), null, 2)}`);
  form.querySelector('[data-shown="openings"]').textContent = texts.join("\n");
}

/** Puts what would be signed on the page; throws when that is not exactly what the page says. */
export function showStatement(form, statement) {
  showHeader(form, statement);
  showPayload(form, statement);
  showOpenings(form, statement);
}

/** The key of this browser that the statement names. */
export async function keyFor(form, { kid }) {
  const key = await loadKey(form.dataset.org);
  if (!key) throw new Error(say(WORDS.noKey));
  if (key.kid !== toHex(kid))
    throw new Error(say(WORDS.otherKey, { mine: key.kid.slice(0, 16), asked: toHex(kid).slice(0, 16) }));
  return key;
}

/** Fills the form's signature, if its bytes are still those that were shown. */
export async function signForm(form, shown, key) {
  const now = readStatement(form);
  if (!equal(now.protected, shown.protected) || !equal(now.payload, shown.payload)) throw new Error(say(WORDS.changed));
  const signature = await sign(key.privateKey, toBeSigned(shown.protected, shown.payload));
  form.elements.namedItem("signature").value = toBase64(signature);
}
