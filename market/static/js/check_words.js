// The sentences of a check in the words of ledger/check_words.py; the table of one language is loaded when needed. No DOM.

function timeText(seconds) {
  if (seconds >= 253402300800) return `second ${seconds} after 1970`; // The year 10000.
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function render(name, value) {
  if (name.endsWith("_time")) return timeText(value);
  return Array.isArray(value) ? value.join(", ") || "–" : String(value);
}

/** {stepName(step), stepSentence(step), outcomeSentence(outcome)} of "en" or "zh". */
export async function loadWords(language) {
  const { DEPENDS, NAMES, OUTCOMES, WORDS } = await import(language === "zh" ? "./check_words_zh.js" : "./check_words_en.js");
  const stepSentence = ({ code, outcome, cause, params }) => {
    if (outcome === "not_run" && cause === "depends") return DEPENDS.replace("{what}", NAMES[code]);
    const words = WORDS[[code, outcome, cause].filter(Boolean).join(".")];
    return words.replace(/\{(\w+)\}/g, (_, name) => render(name, params[name]));
  };
  return { stepName: ({ code }) => NAMES[code], stepSentence, outcomeSentence: (outcome) => OUTCOMES[outcome] };
}
