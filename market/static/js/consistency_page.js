// Checks the proof between two states of the ledger in this browser, and offers the state that it last saw.
//   <form data-sizes [data-defaults]> with the fields from and to and [data-from-memory hidden]
//   <div data-consistency data-from data-to data-signed="yes|no"> with [data-status]; data-state is the outcome
import { utf8 } from "./bytes.js";
import { parseCheckpoint } from "./checkpoint.js";
import { Malformed, Unverified } from "./errors.js";
import { stateOf } from "./last_seen.js";
import { remembered } from "./last_seen_page.js";
import { fetchCheckpoint, fetchProof, fetchTrustFile } from "./ledger_files.js";
import { verifyConsistency } from "./merkle.js";
import { parseNote, verifySignatures } from "./note.js";
import { say, tell } from "./page_parts.js";
import { fingerprint, parsePolicy } from "./policy.js";

const WORDS = {
  checking: { en: "Checking in this browser…", zh: "正在本浏览器中核验…" },
  passed: {
    en: "Checked in this browser: both states are signed with the ledger's key, and {count} hashes lead to both signed roots. The later one continues the earlier one. Trust file {trust}…",
    zh: "已在本浏览器核验：两份状态均由账本密钥签署，{count} 个哈希同时通向两个已签名的根。较晚状态延续较早状态。信任文件 {trust}…",
  },
  same: {
    en: "Checked in this browser: it is one state, signed with the ledger's key. Trust file {trust}…",
    zh: "已在本浏览器核验：这是同一状态，由账本密钥签署。信任文件 {trust}…",
  },
  failed: {
    en: "The check failed: {reason}. Do not rely on these states; keep this page and both checkpoints, and show them to others.",
    zh: "核验未通过（{reason}）。请勿依赖这些状态；请保留本页和两份检查点，并出示给他人。",
  },
  unsigned: {
    en: "Not checked: one of the two states was never signed. Choose published ones.",
    zh: "未核验：两个状态中有一个从未签署。请选择已发布的状态。",
  },
  unknown: { en: "The check could not be made just now. Load the page again later.", zh: "暂时无法核验，请稍后重新打开本页。" },
  memory: { en: "Filled in: what this browser last saw ({size} entries), and now.", zh: "已填入：本浏览器上次所见（{size} 个条目）与当前状态。" },
};

async function signedState(size, keys) {
  const note = parseNote(utf8(await fetchCheckpoint(size)));
  await verifySignatures(note, keys);
  const state = parseCheckpoint(note.text);
  if (state.size !== size || !keys.some(({ name }) => name === state.origin))
    throw new Unverified("a checkpoint is of another state or ledger");
  return state;
}

async function check(from, to) {
  const policy = parsePolicy(await fetchTrustFile());
  const keys = policy.logs.map(({ verifier }) => verifier);
  const [before, after, path] = await Promise.all([signedState(from, keys), signedState(to, keys), fetchProof(from, to)]);
  if (!path) throw new Unverified("the ledger gives no proof");
  verifyConsistency(before.size, before.root, after.size, after.root, path);
  return { count: path.length + (path.length ? 0 : 1), trust: fingerprint(policy).slice(0, 16) };
}

async function checkHere(box) {
  const [from, to] = [Number(box.dataset.from), Number(box.dataset.to)];
  const show = (state, sentence, kind) => {
    if (kind) box.classList.add(kind);
    tell(box, sentence);
    box.dataset.state = state;
  };
  if (box.dataset.signed === "no") return show("unsigned", say(WORDS.unsigned));
  tell(box, say(WORDS.checking));
  try {
    const found = await check(from, to);
    show("passed", say(from === to ? WORDS.same : WORDS.passed, found), "ok");
  } catch (error) {
    const wrong = error instanceof Malformed || error instanceof Unverified;
    if (wrong) show("failed", say(WORDS.failed, { reason: error.message }), "bad");
    else show("unknown", say(WORDS.unknown));
  }
}

async function offerMemory(form) {
  const record = await remembered;
  const size = record && stateOf(record.note).size;
  if (!size || size >= Number(form.elements.to.value)) return;
  form.elements.from.value = size;
  const hint = form.querySelector("[data-from-memory]");
  hint.textContent = say(WORDS.memory, { size });
  hint.hidden = false;
}

document.querySelectorAll("[data-consistency]").forEach(checkHere);
document.querySelectorAll("form[data-sizes][data-defaults]").forEach(offerMemory);
