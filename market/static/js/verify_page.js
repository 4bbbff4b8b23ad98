// Checks receipts and histories in this browser; nothing is uploaded. What a file is, its content says, not its name.
//   <form method="post" data-verify data-manifests="/…/{digest}" (optional: where manifests are fetched from)>
//     input type="file" name="receipt" multiple, textarea name="text" (a pasted receipt), input type="file" name="data" multiple
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
  many: { en: "Checking: {percent}%", zh: "正在核验：{percent}%" },
  doneWithoutData: {
    en: "Check finished. Data are compared with one receipt at a time, so they were not compared.",
    zh: "核验完成。数据须与单份回执比对，因此未作数据比对。",
  },
  trust: { en: "The trust file cannot be read: {reason}.", zh: "信任文件无法读取（{reason}）。" },
};
const KNOWN = { AbortError: WORDS.cancelled, FileChanged: WORDS.changed };
const MAX_EVIDENCE = 128 * 2 ** 20;
const HEAD = 2048;

const modules = () =>
  Promise.all([import("./batch.js"), import("./check_words.js"), import("./policy.js"), import("./verify_result.js")]);

/** Result of `parse`; what it refuses becomes a sentence of the page. */
function parsed(parse, value, sentence) {
  try {
    return parse(value);
  } catch (error) {
    throw new Error(say(sentence, { reason: error.message }));
  }
}

async function bytesOf(blob, limit = MAX_EVIDENCE + 1) {
  return new Uint8Array(await blob.slice(0, limit).arrayBuffer());
}

const fileList = (files) => {
  const list = new DataTransfer();
  for (const file of files) list.items.add(file);
  return list.files;
};

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

  /** What is dropped goes to its field by its content: evidence, trust file, or else data. */
  async onDrop(event) {
    event.preventDefault();
    const dropped = [...event.dataTransfer.files];
    const { kindOf } = await import("./pieces.js");
    const kinds = await Promise.all(dropped.map(async (file) => kindOf(await bytesOf(file, HEAD))));
    const of = (...wanted) => dropped.filter((_, i) => wanted.includes(kinds[i]));
    const evidence = of("bundle", "history", "tlog-proof", "cose");
    const data = of("manifest", undefined);
    const { receipt, data: dataField, trust } = this.form.elements;
    if (evidence.length) receipt.files = fileList(evidence);
    if (data.length) dataField.files = fileList(data);
    for (const file of of("trust")) {
      trust.value = await file.text();
      trust.dispatchEvent(new Event("input", { bubbles: true }));
    }
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
    const leads = this.form.hasAttribute("action") && !receipt.files.length && pasted && !/^(\{|c2sp\.org)/.test(pasted);
    if (leads) return;
    event.preventDefault();
    const proof = pasted.startsWith("c2sp.org/") ? `${pasted}\n` : pasted; // A text area may lose its last line feed.
    const given = receipt.files.length ? [...receipt.files] : pasted ? [new File([proof], "")] : [];
    if (given.length) this.check(given);
    else tell(this.form, say(WORDS.nothing), true);
  }

  async check(given) {
    this.#cancel?.abort();
    this.#cancel = new AbortController();
    const { signal } = this.#cancel;
    const button = this.form.querySelector('[data-do="cancel"]');
    button.hidden = false;
    this.reserve();
    try {
      const [{ checkAll }, { loadWords }, { parsePolicy }, { showResults }] = await modules();
      const trust = parsed(parsePolicy, this.trustText, WORDS.trust);
      const evidence = await Promise.all(given.map(async (file) => ({ name: file.name, bytes: await bytesOf(file) })));
      const data = await this.readData(evidence, signal);
      const now = Math.floor(Date.now() / 1000);
      const onProgress = showProgress(this.form, WORDS.many);
      const results = await checkAll(evidence, trust, { ...data, now, onProgress, signal });
      signal.throwIfAborted();
      const histories = results.some(({ kind }) => kind === "history");
      showResults(this.result, results, await loadWords(language, { histories }));
      const many = results.filter(({ kind }) => kind === "receipt").length > 1;
      tell(this.form, say(data.files && many ? WORDS.doneWithoutData : WORDS.done));
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
    this.result.querySelector("[data-list]")?.remove();
    this.result.querySelector("[data-heading]").textContent = say(WORDS.checking);
    delete this.result.dataset.outcome;
    this.result.hidden = false;
  }

  /** {manifest (parsed, or undefined), files: Map of path to digest} of the chosen data. */
  async readData(evidence, signal) {
    const chosen = [...this.form.elements.data.files];
    if (!chosen.length) return {};
    const [{ subjectDigest }, { splitChosen }, { hashFiles }, { parseManifest }] = await Promise.all([
      import("./check.js"), import("./chosen_data.js"), import("./file_hasher.js"), import("./manifest.js"),
    ]);
    const registered = subjectDigest(evidence[0].bytes);
    const digests = await hashFiles(chosen, { onProgress: showProgress(this.form, WORDS.reading), signal });
    const pathOf = (file) => file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
    const files = chosen.map((file, i) => ({ file, path: pathOf(file).normalize("NFC"), digest: digests[i] }));
    const { manifest: own, data } = splitChosen(files, registered);
    const bytes = own ? await bytesOf(own.file) : await this.fetchManifest(registered, signal);
    const manifest = bytes && parsed(parseManifest, bytes, WORDS.unreadable);
    return { manifest, files: new Map(data.map(({ path, digest }) => [path, digest])) };
  }

  /** The manifest that the receipt's statement names; any source will do, its digest is checked. */
  async fetchManifest(digest, signal) {
    const address = this.form.dataset.manifests;
    if (!address || !digest) return undefined;
    const answer = await fetch(address.replace("{digest}", digest), { signal });
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  }
}

document.querySelectorAll("form[data-verify]").forEach((form) => new VerifyForm(form));
