// Compares the ledger with what this browser last saw of it, at each visit of a page of the ledger.
//   <section data-last-seen="<origin>"><p data-line>…</p></section>; data-state on it is the outcome, "unknown" if the
//   comparison could not be made, or "off" where the browser keeps nothing.
import { compareWithMemory, Memory, stateOf } from "./last_seen.js";
import { fetchCheckpoint, fetchProof, fetchTrustFile } from "./ledger_files.js";
import { language, saveFile, say } from "./page_parts.js";
import { parsePolicy } from "./policy.js";

const WORDS = {
  first: {
    en: "This browser has now remembered the state of {size} entries. From your next visit on it checks that the ledger continues it.",
    zh: "本浏览器已记住 {size} 个条目时的状态；下次访问起会核对账本是否延续它。",
  },
  same: {
    en: "Nothing was added since you last looked, {when}: the same {size} entries, checked in this browser.",
    zh: "自您上次于{when}查看以来没有新增：仍是同样的 {size} 个条目，已在本浏览器核对。",
  },
  continued: {
    en: "The ledger continues what you saw {when} at {old} entries; it has {size} now. Checked in this browser.",
    zh: "账本延续了您上次于{when}看到的 {old} 个条目，现有 {size} 条。已在本浏览器核对。",
  },
  new_key: {
    en: "It is signed with another key than then; compare the trust file's fingerprint with one you got elsewhere.",
    zh: "签名所用密钥与当时不同；请将信任文件指纹与另行取得的核对。",
  },
  other_log: {
    en: "At this address this browser knew another ledger before ({others}). This one is called {origin} and says nothing about that one.",
    zh: "本浏览器此前在此地址见到的是另一账本（{others}）。当前账本名为 {origin}，与前者无关，不能证明前者的内容。",
  },
  unknown: {
    en: "The comparison with what this browser last saw could not be made just now. Load the page again later.",
    zh: "暂时无法与本浏览器上次所见相比较，请稍后重新打开本页。",
  },
  off: {
    en: "This browser keeps nothing for this site, so it cannot notice a ledger that was rewritten. The command datawharf monitor can.",
    zh: "本浏览器不为本站保存任何内容，无法发现账本被改写。可改用命令 datawharf monitor。",
  },
};
const ALARMS = {
  forked: {
    en: "The ledger was rewritten: it does not continue what you saw {when}",
    zh: "账本被改写：它没有延续您上次于{when}看到的内容",
  },
  unproved: {
    en: "The ledger does not prove that it continues what you saw {when}",
    zh: "账本未能证明它延续您上次于{when}看到的内容",
  },
  shrunk: {
    en: "The ledger went back: it has fewer entries than you saw {when}",
    zh: "账本发生回退：条目比您上次于{when}看到的更少",
  },
  unsigned: {
    en: "The newest state of the ledger is not signed with the ledger's key",
    zh: "账本的最新状态没有账本密钥的有效签名",
  },
};
const MORE = {
  states: {
    en: "Then it had {old} entries and signed the root {oldRoot}. Now it shows {size} entries and the root {root}.",
    zh: "当时有 {old} 个条目，签署的根为 {oldRoot}；现在显示 {size} 个条目，根为 {root}。",
  },
  todo: {
    en: "Rely on nothing that this ledger shows until this is explained. Save the evidence: both states carry the ledger's signature, which it cannot deny. Show it to the registrar, an auditor or a witness, and ask others which state they see.",
    zh: "在得到解释之前，请勿依赖此账本显示的任何内容。请保存证据：两份状态都带有账本签名，账本无法否认。请出示给登记机构、审计人员或见证方，并询问他人看到的是哪个状态。",
  },
  todo_unsigned: {
    en: "Rely on nothing that this ledger shows until this is explained. Save the evidence, and ask the operator and others what they see.",
    zh: "在得到解释之前，请勿依赖此账本显示的任何内容。请保存证据，并向运营方和他人询问其所见。",
  },
  save: { en: "Save the evidence", zh: "保存证据" },
  kept: { en: "What this browser keeps", zh: "本浏览器保存的内容" },
  privacy: {
    en: "The newest signed state that it verified ({size} entries, root {root}) and when. It stays in this browser; the server is only asked for a proof between two numbers of entries.",
    zh: "已验证的最新签名状态（{size} 个条目，根 {root}）及时间。内容只留在本浏览器；仅向服务器索取两个条目数之间的证明。",
  },
  clear: { en: "Forget it", zh: "清除" },
  cleared: { en: "Forgotten. At the next visit this browser begins anew.", zh: "已清除。下次访问时重新开始记录。" },
};

const number = (size) => String(size).replace(/\B(?=(\d{3})+$)/g, ",");
const hex = (root) => Array.from(root, (byte) => byte.toString(16).padStart(2, "0")).join("");
const short = (root) => `${hex(root).slice(0, 8)}…${hex(root).slice(-8)}`;
/** A moment as the pages write it (market/kit/i18n.py, format_when): in China's time, which it names. */
function whenOf(seconds) {
  const at = new Date((seconds + 8 * 3600) * 1000); // China keeps UTC+8 all year, so its clock is read as if it were UTC.
  const clock = at.toISOString().slice(11, 16);
  if (language === "zh") return `${at.getUTCFullYear()}年${at.getUTCMonth() + 1}月${at.getUTCDate()}日 ${clock}（北京时间）`;
  const month = at.toLocaleString("en-US", { month: "short", timeZone: "UTC" });
  return `${at.getUTCDate()} ${month} ${at.getUTCFullYear()}, ${clock} (UTC+8)`;
}

function element(tag, text, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  made.textContent = text;
  return made;
}

class LastSeen {
  constructor(section) {
    this.section = section;
    this.line = section.querySelector("[data-line]");
    this.memory = new Memory(localStorage, section.dataset.lastSeen);
  }

  async compare() {
    let found;
    try {
      const trust = await fetchTrustFile();
      const now = Math.floor(Date.now() / 1000);
      found = await compareWithMemory(this.memory, () => fetchCheckpoint(), parsePolicy(trust), fetchProof, now);
      found.trust = trust;
    } catch (error) {
      console.info(error);
      return this.tell("unknown", say(WORDS.unknown));
    }
    if (ALARMS[found.outcome]) this.alarm(found);
    else this.calm(found);
    return found.remembered;
  }

  tell(state, sentence) {
    this.line.textContent = sentence;
    this.section.dataset.state = state;
  }

  values({ remembered, note }) {
    const before = remembered && stateOf(remembered.note);
    let after;
    try {
      after = stateOf(note);
    } catch {
      after = undefined; // What is no checkpoint has no size to name.
    }
    return {
      when: remembered ? whenOf(remembered.seen) : "", origin: this.memory.origin, others: this.memory.others().join(", "),
      old: before ? number(before.size) : "–", oldRoot: before ? short(before.root) : "–",
      size: after ? number(after.size) : "–", root: after ? short(after.root) : "–",
    };
  }

  calm(found) {
    const values = this.values(found);
    const same = found.outcome === "continued" && values.old === values.size;
    const sentence = say(WORDS[same ? "same" : found.outcome], values) + (found.newKey ? ` ${say(WORDS.new_key)}` : "");
    this.section.classList.add(found.newKey || found.outcome === "other_log" ? "warn" : "ok");
    this.tell(found.outcome, sentence);
    this.section.append(this.kept(values));
  }

  kept(values) {
    const details = document.createElement("details");
    const clear = element("button", say(MORE.clear), { type: "button", className: "quiet" });
    clear.addEventListener("click", () => {
      this.memory.clear();
      details.remove();
      this.section.classList.remove("ok", "warn");
      this.tell("cleared", say(MORE.cleared));
    });
    details.append(element("summary", say(MORE.kept)), element("p", say(MORE.privacy, values)), clear);
    return details;
  }

  alarm(found) {
    const values = this.values(found);
    const box = element("div", "");
    box.setAttribute("role", "alert");
    const save = element("button", say(MORE.save), { type: "button", className: "primary" });
    save.addEventListener("click", () => this.saveEvidence(found));
    const todo = found.outcome === "unsigned" ? MORE.todo_unsigned : MORE.todo;
    box.append(element("h2", say(ALARMS[found.outcome], values)));
    if (found.remembered) box.append(element("p", say(MORE.states, values)));
    box.append(element("p", say(todo)), save);
    this.section.classList.add("bad");
    this.section.replaceChildren(box, this.kept(values));
    this.section.dataset.state = found.outcome;
  }

  saveEvidence({ outcome, remembered, note, trust }) {
    const evidence = {
      kind: "datawharf-ledger-evidence", version: 1, outcome, origin: this.memory.origin, address: location.origin,
      held: remembered ?? null, served: { note, seen: Math.floor(Date.now() / 1000) }, trust,
    };
    const bytes = new TextEncoder().encode(`${JSON.stringify(evidence, null, 2)}\n`);
    saveFile(`ledger-evidence-${evidence.served.seen}.json`, "application/json", bytes);
  }
}

/** The record that was remembered before this visit, or undefined; the page shows the outcome by then. */
async function begin(section) {
  try {
    return await new LastSeen(section).compare();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    section.querySelector("[data-line]").textContent = say(WORDS.off);
    section.dataset.state = "off";
    return undefined;
  }
}

const [section] = document.querySelectorAll("[data-last-seen]");
export const remembered = section ? begin(section) : Promise.resolve(undefined);
