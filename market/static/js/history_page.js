// Checks a history file in this browser, with the trust file of this site.
//   <button data-check-history="<address of the file>" data-key="<what was asked>" hidden>
//   <section data-history-result hidden> with [data-heading], [data-trust] and <ol data-steps>
import { language, say } from "./page_parts.js";

const WORDS = {
  checking: { en: "Checking…", zh: "正在核验…" },
  unknown: { en: "The file could not be fetched just now. Try again later.", zh: "暂时无法取得该文件，请稍后重试。" },
  trust: {
    en: "Checked with the trust file {trust}…, which this site gives out. Compare its fingerprint with one you got elsewhere.",
    zh: "使用本站提供的信任文件 {trust}… 核验。请将其指纹与另行取得的核对。",
  },
  passed: { en: "Passed", zh: "通过" },
  failed: { en: "Failed", zh: "未通过" },
  not_run: { en: "Not run", zh: "未执行" },
  warning: { en: "Attention", zh: "留意" },
};
const MARKS = { passed: "✓", failed: "✗", not_run: "–", warning: "!" };

function line(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

async function reportOn(address, key) {
  const modules = [import("./check_history.js"), import("./policy.js"), import("./ledger_files.js"), fetch(address, { cache: "no-store" })];
  const [{ verifyHistory }, { fingerprint, parsePolicy }, { fetchTrustFile }, answer] = await Promise.all(modules);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const trust = parsePolicy(await fetchTrustFile());
  const data = new Uint8Array(await answer.arrayBuffer());
  return { ...(await verifyHistory(data, trust, { key })), trust: fingerprint(trust).slice(0, 16) };
}

class HistoryCheck {
  constructor(button) {
    this.button = button;
    this.result = document.querySelector("[data-history-result]");
    this.heading = this.result.querySelector("[data-heading]");
    this.heading.tabIndex = -1;
    button.hidden = false;
    button.addEventListener("click", () => this.check());
  }

  async check() {
    this.result.hidden = false;
    this.heading.textContent = say(WORDS.checking);
    this.result.querySelector("[data-steps]").replaceChildren();
    try {
      const { loadWords } = await import("./check_words.js");
      this.show(await reportOn(this.button.dataset.checkHistory, this.button.dataset.key), await loadWords(language));
    } catch (error) {
      console.info(error);
      this.heading.textContent = say(WORDS.unknown);
    }
    this.heading.focus();
  }

  show(report, { outcomeSentence, stepName, stepSentence }) {
    const items = report.steps.map((step) => {
      const item = document.createElement("li");
      Object.assign(item.dataset, { step: step.code, outcome: step.outcome });
      item.append(line("b", `${MARKS[step.outcome]} ${say(WORDS[step.outcome])} · ${stepName(step)}`), " ", line("span", stepSentence(step)));
      return item;
    });
    this.result.querySelector("[data-steps]").replaceChildren(...items);
    this.result.querySelector("[data-trust]").textContent = say(WORDS.trust, report);
    this.heading.textContent = outcomeSentence(report.outcome, "history");
    this.result.dataset.outcome = report.outcome;
  }
}

document.querySelectorAll("[data-check-history]").forEach((button) => new HistoryCheck(button));
