// Checks a receipt in this browser; nothing is uploaded.
//   <form method="post" data-verify data-manifests="/…/{digest}" (optional: where manifests are fetched from)>
//     input type="file" name="receipt", textarea name="text" (a pasted receipt), input type="file" name="data" multiple
//     (data files, perhaps with their manifest.json), textarea name="trust" (the trust file, from the server or pasted),
//     [data-fingerprint], <progress hidden>, [data-status role="status"], button type="button" data-do="cancel" hidden,
//     the submit button; <section data-result hidden> with [data-heading] and <ol data-steps>
// Text that is no receipt goes to the server, where the form has an address there; the page that stands alone has none.
import { language, say, showProgress, tell } from "./page_parts.js";

const WORDS = {
  nothing: { en: "Choose a receipt, or paste one.", zh: "选择或粘贴一份回执。" },
  reading: { en: "Computing fingerprints: {percent}%", zh: "正在计算内容指纹：{percent}%" },
  cancelled: { en: "Stopped. Nothing was checked.", zh: "已停止，未作任何核验。" },
  checking: { en: "Checking…", zh: "正在核验…" },
  done: { en: "Check finished.", zh: "核验完成。" },
  changed: { en: "A file changed while it was read. Choose the files again.", zh: "文件在读取时被改动，重新选择文件。" },
  unreadable: { en: "manifest.json cannot be read: {reason}.", zh: "manifest.json 无法读取（{reason}）。" },
  passed: { en: "Passed", zh: "通过" },
  failed: { en: "Failed", zh: "未通过" },
  not_run: { en: "Not run", zh: "未执行" },
  warning: { en: "Attention", zh: "留意" },
  trust: { en: "The trust file cannot be read: {reason}.", zh: "信任文件无法读取（{reason}）。" },
};
const KNOWN = { AbortError: WORDS.cancelled, FileChanged: WORDS.changed };
const MAX_RECEIPT = 32 * 2 ** 20;

const MARKS = { passed: "✓", failed: "✗", not_run: "–", warning: "!" };

const modules = () =>
  Promise.all([import("./check.js"), import("./check_words.js"), import("./policy.js")]);

/** Result of `parse`; what it refuses becomes a sentence of the page. */
function parsed(parse, value, sentence) {
  try {
    return parse(value);
  } catch (error) {
    throw new Error(say(sentence, { reason: error.message }));
  }
}

function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

async function bytesOf(blob) {
  return new Uint8Array(await blob.slice(0, MAX_RECEIPT + 1).arrayBuffer());
}

class VerifyForm {
  #cancel;

  constructor(form) {
    this.form = form;
    this.result = form.querySelector("[data-result]") ?? document.querySelector("[data-result]");
    form.addEventListener("submit", (event) => this.onSubmit(event));
    form.querySelector('[data-do="cancel"]').addEventListener("click", () => this.#cancel.abort());
    form.elements.trust.addEventListener("input", () => this.showFingerprint());
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => this.onDrop(event));
    this.showFingerprint();
  }

  /** A dropped receipt goes to its field, every other file to the data. */
  onDrop(event) {
    event.preventDefault();
    const [receipt, data] = [new DataTransfer(), new DataTransfer()];
    for (const file of event.dataTransfer.files)
      (/receipt.*\.json$/i.test(file.name) && !receipt.files.length ? receipt : data).items.add(file);
    if (receipt.files.length) this.form.elements.receipt.files = receipt.files;
    if (data.files.length) this.form.elements.data.files = data.files;
  }

  /** The trust file as text; a text area may lose its last line feed. */
  get trustText() {
    return `${this.form.elements.trust.value.trimEnd()}\n`;
  }

  async showFingerprint() {
    const { fingerprint, parsePolicy } = await import("./policy.js");
    let text;
    try {
      text = fingerprint(parsePolicy(this.trustText));
    } catch (error) {
      text = say(WORDS.trust, { reason: error.message });
    }
    this.form.querySelector("[data-fingerprint]").textContent = text;
  }

  onSubmit(event) {
    const { receipt, text } = this.form.elements;
    const pasted = text.value.trim();
    const leads = this.form.hasAttribute("action") && !receipt.files.length && pasted && !pasted.startsWith("{");
    if (leads) return;
    event.preventDefault();
    if (receipt.files.length || pasted) this.check(receipt.files[0] ?? new Blob([pasted]));
    else tell(this.form, say(WORDS.nothing), true);
  }

  async check(blob) {
    this.#cancel?.abort();
    this.#cancel = new AbortController();
    const { signal } = this.#cancel;
    const button = this.form.querySelector('[data-do="cancel"]');
    button.hidden = false;
    this.reserve();
    try {
      const [{ checkBundle }, { loadWords }, { parsePolicy }] = await modules();
      const trust = parsed(parsePolicy, this.trustText, WORDS.trust);
      const receipt = await bytesOf(blob);
      const data = await this.readData(receipt, signal);
      const report = await checkBundle(receipt, trust, { ...data, now: Math.floor(Date.now() / 1000) });
      signal.throwIfAborted();
      this.show(report, await loadWords(language));
      tell(this.form, say(WORDS.done));
    } catch (error) {
      if (this.#cancel.signal !== signal) return;
      this.result.hidden = true;
      tell(this.form, KNOWN[error.name] ? say(KNOWN[error.name]) : error.message, true);
    } finally {
      button.hidden = true;
    }
  }

  /** Opens the result's box at once, at the height that it will need, so that the verdict moves nothing when it comes. */
  reserve() {
    this.result.querySelector("[data-steps]").replaceChildren();
    this.result.querySelector("[data-heading]").textContent = say(WORDS.checking);
    delete this.result.dataset.outcome;
    this.result.hidden = false;
  }

  /** {manifest (parsed, or undefined), files: Map of path to digest} of the chosen data. */
  async readData(receipt, signal) {
    const chosen = [...this.form.elements.data.files];
    if (!chosen.length) return {};
    const [{ hashFiles }, { parseManifest }] = await Promise.all([import("./file_hasher.js"), import("./manifest.js")]);
    const own = chosen.find(({ name }) => name === "manifest.json");
    const data = chosen.filter((file) => file !== own);
    const bytes = own ? await bytesOf(own) : await this.fetchManifest(receipt, signal);
    const manifest = bytes && parsed(parseManifest, bytes, WORDS.unreadable);
    const digests = await hashFiles(data, { onProgress: showProgress(this.form, WORDS.reading), signal });
    const paths = data.map((file) => file.webkitRelativePath.split("/").slice(1).join("/") || file.name);
    return { manifest, files: new Map(paths.map((path, i) => [path.normalize("NFC"), digests[i]])) };
  }

  /** The manifest that the receipt's statement names; any source will do, its digest is checked. */
  async fetchManifest(receipt, signal) {
    const address = this.form.dataset.manifests;
    const { subjectDigest } = await import("./check.js");
    const digest = address && subjectDigest(receipt);
    if (!digest) return undefined;
    const answer = await fetch(address.replace("{digest}", digest), { signal });
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  }

  show(report, { outcomeSentence, stepName, stepSentence }) {
    const items = report.steps.map((step) => {
      const item = document.createElement("li");
      item.dataset.step = step.code;
      item.dataset.outcome = step.outcome;
      const title = `${MARKS[step.outcome]} ${say(WORDS[step.outcome])} · ${stepName(step)}`;
      item.append(line("b", title), " ", line("span", stepSentence(step)));
      return item;
    });
    this.result.querySelector("[data-steps]").replaceChildren(...items);
    const heading = this.result.querySelector("[data-heading]");
    heading.textContent = outcomeSentence(report.outcome);
    heading.tabIndex = -1;
    this.result.dataset.outcome = report.outcome;
    this.result.hidden = false;
    heading.focus();
  }
}

document.querySelectorAll("form[data-verify]").forEach((form) => new VerifyForm(form));
