// Registers files from the browser: hash, manifest, statement, signature, upload.
//   <form method="post" data-register="manifest">: only fingerprints the chosen files and sends their manifest
//   <form method="post" data-register data-org data-origin data-upload="/zh/studio/uploads" data-version="<id>">: also
//     signs the statement about exactly these files and uploads them, going on where an interruption left it
// Fields: input type="file" multiple (or webkitdirectory) and hidden `manifest` (filled here, base64 of manifest.json);
//   those of sign_form.js, whose statement the server has prepared, or leaves to the browser by `claims` {iss, sub, aud,
//   iat} and `statement` {predicateType, predicate without manifest and contentRoot}, base64 of RFC 8785 JSON.
// Places: <progress hidden>, [data-status role="status"], [data-content-root], [data-file-list] (a list),
//   button type="button" data-do="cancel", the submit button.
import { fromBase64, toBase64, toHex } from "./bytes.js";
import { parseCanonical } from "./canonical_json.js";
import { statementToSign } from "./cose.js";
import { FileChanged } from "./file_digest.js";
import { hashFiles } from "./file_hasher.js";
import { thumbprint } from "./keys.js";
import { loadKey } from "./keystore.js";
import { buildManifest, rowOf } from "./manifest.js";
import { csrf, say, showProgress, tell } from "./page_parts.js";
import { keyFor, readStatement, showStatement, signForm, WORDS as SIGNING } from "./sign_form.js";
import { uploadFile } from "./uploads.js";

const WORDS = {
  hashing: { en: "Computing fingerprints: {percent}%", zh: "正在计算内容指纹：{percent}%" },
  ready: { en: "{count} files ready. Nothing has been sent yet.", zh: "{count} 个文件已就绪，尚未发送任何内容。" },
  uploading: { en: "Sending: {percent}%", zh: "正在上传：{percent}%" },
  cancelled: {
    en: "Stopped. Choose the files again, or go on: what was sent is kept.",
    zh: "已停止。重新选择文件即可继续，已上传部分会保留。",
  },
  changed: {
    en: "A file changed while it was read. Let it rest, then choose the files again.",
    zh: "文件在读取时被改动。待其不再变化后重新选择。",
  },
  otherFiles: {
    en: "These are not the files that the statement is about: its manifest is {asked}, theirs is {found}.",
    zh: "所选文件与声明不符：声明的清单为 {asked}，所选文件的清单为 {found}。",
  },
  stopped: {
    en: "The upload stopped: {reason}. Press the button again: it goes on where it stopped.",
    zh: "上传中断（{reason}）。再按一次按钮，从中断处继续。",
  },
};

/** Path in the manifest: below the chosen folder, or the plain name. */
function pathOf(file) {
  return (file.webkitRelativePath.split("/").slice(1).join("/") || file.name).normalize("NFC");
}

class RegisterForm {
  #cancel = new AbortController();

  constructor(form) {
    this.form = form;
    this.button = form.querySelector('button:not([type="button"])');
    this.button.disabled = true;
    this.signs = form.dataset.register !== "manifest";
    const input = form.querySelector('input[type="file"]');
    input.addEventListener("change", () => this.run(() => this.choose([...input.files])));
    input.disabled = false; // it may start out disabled: without this module choosing files leads nowhere
    form.querySelector('[data-do="cancel"]')?.addEventListener("click", () => this.#cancel.abort());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(() => this.send());
    });
  }

  async run(step) {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    const { signal } = this.#cancel;
    try {
      await step();
    } catch (error) {
      if (signal.aborted && signal !== this.#cancel.signal) return;
      if (signal.aborted) tell(this.form, say(WORDS.cancelled));
      else tell(this.form, error instanceof FileChanged ? say(WORDS.changed) : error.message, true);
    }
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  async choose(files) {
    this.button.disabled = true;
    const { signal } = this.#cancel;
    const digests = await hashFiles(files, { onProgress: showProgress(this.form, WORDS.hashing), signal });
    const manifest = buildManifest(files.map((file, i) => rowOf(pathOf(file), file.type, digests[i])));
    this.files = new Map(files.map((file, i) => [pathOf(file), { file, chunkHashes: digests[i].chunkHashes }]));
    this.manifest = manifest;
    this.field("manifest").value = toBase64(manifest.canonical);
    this.showFiles();
    if (this.signs) await this.prepareStatement();
    tell(this.form, say(WORDS.ready, { count: files.length }));
    this.button.disabled = false;
  }

  showFiles() {
    this.form.querySelector("[data-content-root]").textContent = toHex(this.manifest.contentRoot);
    const items = this.manifest.rows.map(({ path, size, sha256 }) => {
      const item = document.createElement("li");
      item.textContent = `${path}  ${size.toLocaleString("en")}  ${sha256.slice(0, 8)}…${sha256.slice(-8)}`;
      return item;
    });
    this.form.querySelector("[data-file-list]")?.replaceChildren(...items);
  }

  /** Shows the statement, which must be about the manifest of the chosen files. */
  async prepareStatement() {
    if (this.field("statement")) await this.buildStatement();
    this.statement = readStatement(this.form);
    const asked = this.statement.document.subject[0].digest.sha256;
    const found = toHex(this.manifest.digest);
    if (asked !== found)
      throw new Error(say(WORDS.otherFiles, { asked: asked?.slice(0, 16), found: found.slice(0, 16) }));
    showStatement(this.form, this.statement);
  }

  /** Builds the statement out of what the server has left to the browser. */
  async buildStatement() {
    const key = await loadKey(this.form.dataset.org);
    if (!key) throw new Error(say(SIGNING.noKey));
    const given = (name) => parseCanonical(fromBase64(this.field(name).value, name));
    const prepared = given("statement");
    const digest = toHex(this.manifest.digest);
    const predicate = { ...prepared.predicate, manifest: digest, contentRoot: toHex(this.manifest.contentRoot) };
    const subject = [{ name: "manifest.json", digest: { sha256: digest } }];
    const { predicateType } = prepared;
    const document = { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
    const parts = statementToSign(document, given("claims"), thumbprint(key.publicKey));
    this.field("protected").value = toBase64(parts.protected);
    this.field("payload").value = toBase64(parts.payload);
    this.form.querySelector('[data-shown="payload"]').textContent = "";
  }

  async send() {
    this.button.disabled = true;
    try {
      if (this.signs) {
        await signForm(this.form, this.statement, await keyFor(this.form, this.statement));
        await this.upload();
      }
      this.form.submit();
    } finally {
      this.button.disabled = false;
    }
  }

  async upload() {
    const { signal } = this.#cancel;
    const total = this.manifest.rows.reduce((sum, { size }) => sum + size, 0);
    const progress = showProgress(this.form, WORDS.uploading);
    let before = 0;
    for (const { path, size, sha256 } of this.manifest.rows) {
      const { upload, version: versionId } = this.form.dataset;
      const what = { versionId, path, sha256, ...this.files.get(path) };
      const onProgress = (offset) => progress(before + offset, total);
      try {
        await uploadFile(upload, csrf(), what, { onProgress, signal });
      } catch (error) {
        if (signal.aborted) throw error;
        throw new Error(say(WORDS.stopped, { reason: error.message }));
      }
      before += size;
    }
  }
}

document.querySelectorAll("form[data-register]").forEach((form) => new RegisterForm(form));
