// The sentences of a check in the words of ledger/check_words.py; the table of one language is loaded when needed. No DOM.

function timeText(seconds) {
  if (seconds >= 253402300800) return `second ${seconds} after 1970`; // The year 10000.
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function render(name, value) {
  if (name.endsWith("_time")) return timeText(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  return Array.isArray(value) ? value.join(", ") || "–" : String(value);
}

/** {stepName(step), stepSentence(step), outcomeSentence(outcome)} of "en" or "zh". */
export async function loadWords(language) {
  const { DEPENDS, NAMES, OUTCOMES, WORDS } = await import(language === "zh" ? "./check_words_zh.js" : "./check_words_en.js");
  // A reason is a clause without its full stop; in English it ends a sentence, in Chinese it stands in brackets.
  const stop = language === "zh" ? "" : ".";
  const stepSentence = ({ code, outcome, cause, params }) => {
    if (outcome === "not_run" && cause === "depends") return DEPENDS.replace("{what}", NAMES[code]);
    const name = [code, outcome, cause].filter(Boolean).join(".");
    const words = (params.files === 1 && WORDS[`${name}.one`]) || WORDS[name];
    const filled = (name) => render(name, params[name]) + (name === "reason" ? stop : "");
    return words.replace(/\{(\w+)\}/g, (_, name) => filled(name));
  };
  return { stepName: ({ code }) => NAMES[code], stepSentence, outcomeSentence: (outcome) => OUTCOMES[outcome] };
}
