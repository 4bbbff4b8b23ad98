// The sentences of a check in the words of ledger/check_words.py and ledger/index/words.py; the tables of one
// language are loaded when needed. No DOM.

function timeText(seconds) {
  if (seconds >= 253402300800) return `second ${seconds} after 1970`; // The year 10000.
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function render(name, value) {
  if (name.endsWith("_time")) return timeText(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  return Array.isArray(value) ? value.join(", ") || "–" : String(value);
}

const NO_WORDS = { OUTCOMES: {}, NAMES: {}, WORDS: {} };

async function tables(language, withHistories) {
  const zh = language === "zh";
  const receipts = await (zh ? import("./check_words_zh.js") : import("./check_words_en.js"));
  const histories = withHistories && (await (zh ? import("./history_words_zh.js") : import("./history_words_en.js")));
  return merged(receipts, histories || NO_WORDS);
}

function merged(receipts, histories) {
  return {
    general: { depends: receipts.DEPENDS, not_given: receipts.NOT_GIVEN },
    outcomes: { receipt: receipts.OUTCOMES, history: histories.OUTCOMES },
    names: { ...histories.NAMES, ...receipts.NAMES },
    words: { ...histories.WORDS, ...receipts.WORDS },
  };
}

/**
 * {stepName(step), stepSentence(step), outcomeSentence(outcome, kind)} of "en" or "zh"; `kind` says of what the report
 * is, "receipt" (or nothing) or "history". Without `histories` the sentences about those are left out.
 */
export async function loadWords(language, { histories = true } = {}) {
  const { general, outcomes, names, words } = await tables(language, histories);
  // A reason is a clause without its full stop; in English it ends a sentence, in Chinese it stands in brackets.
  const stop = language === "zh" ? "" : ".";
  const stepSentence = ({ code, outcome, cause, params }) => {
    if (outcome === "not_run" && Object.hasOwn(general, cause)) return general[cause].replace("{what}", names[code]);
    const name = [code, outcome, cause].filter(Boolean).join(".");
    const sentence = (params.files === 1 && words[`${name}.one`]) || words[name];
    const filled = (name) => render(name, params[name]) + (name === "reason" ? stop : "");
    return sentence.replace(/\{(\w+)\}/g, (_, name) => filled(name));
  };
  return {
    stepName: ({ code, cause }) => names[`${code}.${cause}`] ?? names[code],
    stepSentence,
    outcomeSentence: (outcome, kind = "receipt") => outcomes[kind][outcome],
  };
}
