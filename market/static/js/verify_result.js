// Shows what checks found: one report step by step, or a list of many with how many passed and each that did not to open.
// root = <section data-result hidden> with [data-heading] and <ol data-steps>
import { say } from "./page_parts.js";

const WORDS = {
  passed: { en: "Passed", zh: "通过" },
  failed: { en: "Failed", zh: "未通过" },
  not_run: { en: "Not run", zh: "未执行" },
  warning: { en: "Attention", zh: "留意" },
  all: { en: "All {passed} passed.", zh: "{passed} 份全部通过。" },
  some: { en: "{passed} passed, {failed} did not.", zh: "{passed} 份通过，{failed} 份未通过。" },
  good: { en: "{passed} that passed", zh: "通过的 {passed} 份" },
  pasted: { en: "pasted text", zh: "粘贴的文本" },
};
const MARKS = { passed: "✓", failed: "✗", not_run: "–", warning: "!" };
const PASSED = ["passed", "passed_with_gaps"];

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  made.append(text, ...children);
  return made;
}

function stepItems(report, { stepName, stepSentence }) {
  return report.steps.map((step) => {
    const title = `${MARKS[step.outcome]} ${say(WORDS[step.outcome])} · ${stepName(step)}`;
    const item = element("li", element("b", title), " ", element("span", stepSentence(step)));
    Object.assign(item.dataset, { step: step.code, outcome: step.outcome });
    return item;
  });
}

function details({ name, kind, report }, words) {
  const summary = element("summary", element("b", `✗ ${name || say(WORDS.pasted)}`), " · ", words.outcomeSentence(report.outcome, kind));
  const steps = element("ol", "");
  steps.className = "steps";
  const shown = element("details", summary, steps);
  Object.assign(shown.dataset, { outcome: "failed", report: report.outcome });
  shown.addEventListener("toggle", () => steps.replaceChildren(...stepItems(report, words)), { once: true });
  return shown;
}

/** The reports that failed, each to open, and the names of the others behind one line. */
function list(results, words) {
  const passed = results.filter(({ report }) => PASSED.includes(report.outcome));
  const shown = element("div", "", ...results.filter((each) => !passed.includes(each)).map((each) => details(each, words)));
  shown.dataset.list = "";
  if (!passed.length) return shown;
  const names = element("ul", "");
  const good = element("details", element("summary", say(WORDS.good, { passed: passed.length })), names);
  const rows = () => passed.map(({ name, kind, report }) => element("li", `✓ ${name} · `, words.outcomeSentence(report.outcome, kind)));
  good.addEventListener("toggle", () => names.replaceChildren(...rows()), { once: true });
  shown.append(good);
  return shown;
}

/** Fills the box with the results of checkAll and opens it; `words` are those of the page's language. */
export function showResults(root, results, words) {
  const heading = root.querySelector("[data-heading]");
  const steps = root.querySelector("[data-steps]");
  const [{ report, kind }] = results;
  const passed = results.filter((each) => PASSED.includes(each.report.outcome)).length;
  const failed = results.length - passed;
  if (results.length === 1) {
    steps.replaceChildren(...stepItems(report, words));
    heading.textContent = words.outcomeSentence(report.outcome, kind);
  } else {
    steps.after(list(results, words));
    heading.textContent = say(failed ? WORDS.some : WORDS.all, { passed, failed });
  }
  heading.tabIndex = -1;
  root.dataset.outcome = results.length === 1 ? report.outcome : failed ? "failed" : "passed";
  root.hidden = false;
  heading.focus();
}
