// What the page modules share: the page's language, its status line, its progress bar, its CSRF token.

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** The sentence of a {en, zh} pair in the page's language, {names} filled in. */
export function say(pair, values = {}) {
  return pair[language].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The page's CSRF token, for calls by fetch. */
export const csrf = () =>
  document.querySelector('meta[name="csrf"]')?.content ?? document.querySelector('input[name="csrf"]')?.value ?? "";

/** Puts a sentence where assistive technology hears it; `bad` marks a failure. */
export function tell(root, sentence, bad = false) {
  const place = root.querySelector("[data-status]");
  place.textContent = sentence;
  place.toggleAttribute("data-bad", bad);
}

/**
 * Progress of some bytes on the root's <progress>, in whole per cent; the status line repeats each quarter.
 * `sentence` is a pair with {percent}.
 */
export function showProgress(root, sentence) {
  const bar = root.querySelector("progress");
  let told = -1;
  return (done, total) => {
    const percent = total ? Math.floor((100 * done) / total) : 100;
    if (bar) {
      bar.hidden = false;
      bar.max = 100;
      bar.value = percent;
    }
    const quarter = Math.floor(percent / 25);
    if (quarter > told) {
      told = quarter;
      tell(root, say(sentence, { percent: 25 * quarter }));
    }
  };
}

/** Offers bytes as a file to save. */
export function saveFile(name, type, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
