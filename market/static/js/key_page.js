// Makes, restores, proves and forgets the signing key of an organisation in this browser.
//   <form method="post" data-key data-org="urn:…" data-origin="log origin" data-label="name of the organisation">
//     hidden fields `key` and `possession` (hex, filled here), [data-key-id], [data-status role="status"]
//     buttons [data-do="make"], [data-do="download"], [data-do="forget"]; input type="file" [data-do="restore"];
//     the submit button registers the key with its proof of possession. All of them may start out disabled.
// A new key is kept, and can be registered, only once its recovery file has been saved: there is no other way back.
import { toHex } from "./bytes.js";
import { forgetKey, formatRecovery, loadKey, makeKey, parseRecovery, provePossession, saveKey } from "./keystore.js";
import { say, saveFile, tell } from "./page_parts.js";

const WORDS = {
  none: { en: "This browser holds no key of your organisation.", zh: "此浏览器中没有本机构的密钥。" },
  held: { en: "This browser holds key {kid}.", zh: "此浏览器持有密钥 {kid}。" },
  made: {
    en: "Key {kid} is made. Save its recovery file now: without it a lost browser is a lost key.",
    zh: "密钥 {kid} 已生成。现在保存恢复文件：没有它，浏览器数据丢失即密钥丢失。",
  },
  saved: {
    en: "Recovery file saved and key {kid} kept in this browser. Keep the file where others cannot read it.",
    zh: "恢复文件已保存，密钥 {kid} 已存入此浏览器。把文件放在他人读不到的地方。",
  },
  restored: { en: "Key {kid} is restored.", zh: "密钥 {kid} 已恢复。" },
  notRestored: {
    en: "Nothing was restored: {reason}. Choose the recovery file of this key.",
    zh: "未恢复（{reason}）。选择该密钥的恢复文件。",
  },
  exists: {
    en: "This browser already holds key {kid}. Remove it first; its recovery file brings it back.",
    zh: "此浏览器已有密钥 {kid}。先移除它；用恢复文件可再恢复。",
  },
  forgotten: {
    en: "The key is removed from this browser. Its recovery file brings it back.",
    zh: "密钥已从此浏览器移除，用恢复文件可再恢复。",
  },
  unsupported: {
    en: "This browser cannot make Ed25519 keys. Use a newer one, or the command line.",
    zh: "此浏览器不能生成 Ed25519 密钥。换用新版浏览器，或使用命令行。",
  },
};

const short = ({ kid }) => ({ kid: kid.slice(0, 16) });

class KeyForm {
  #unsaved;

  constructor(form) {
    this.form = form;
    const { org, origin, label } = form.dataset;
    Object.assign(this, { org, origin, label });
    for (const verb of ["make", "download", "forget"]) this.part(verb)?.addEventListener("click", () => this.run(this[verb]));
    this.part("restore")?.addEventListener("change", (event) => this.run(this.restore, event.target));
    for (const verb of ["make", "restore"]) if (this.part(verb)) this.part(verb).disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(this.register);
    });
    this.run(this.start);
  }

  part(verb) {
    return this.form.querySelector(`[data-do="${verb}"]`);
  }

  async run(step, ...rest) {
    try {
      await step.apply(this, rest);
    } catch (error) {
      const text = error.name === "NotSupportedError" ? say(WORDS.unsupported) : error.message;
      tell(this.form, text, true);
    }
  }

  /** Shows the key that is held or about to be; only a held one can be registered or removed. */
  show(key, sentence) {
    this.form.querySelector("[data-key-id]").textContent = key?.kid ?? "";
    const held = !!key && !this.#unsaved;
    this.form.querySelector('button:not([type="button"])').disabled = !held;
    if (this.part("download")) this.part("download").disabled = !this.#unsaved;
    if (this.part("forget")) this.part("forget").disabled = !held;
    tell(this.form, sentence);
  }

  async start() {
    const key = await loadKey(this.org);
    this.show(key, key ? say(WORDS.held, short(key)) : say(WORDS.none));
  }

  async refuseIfHeld() {
    const key = await loadKey(this.org);
    if (key) throw new Error(say(WORDS.exists, short(key)));
  }

  async make() {
    await this.refuseIfHeld();
    this.#unsaved = await makeKey(this.label);
    this.show(this.#unsaved, say(WORDS.made, short(this.#unsaved)));
  }

  async download() {
    const key = this.#unsaved;
    saveFile(`datawharf-key-${key.kid.slice(0, 8)}.json`, "application/json", formatRecovery(key));
    await saveKey(this.org, key);
    this.#unsaved = undefined;
    this.show(key, say(WORDS.saved, short(key)));
  }

  async restore(input) {
    const [file] = input.files;
    if (!file) return;
    await this.refuseIfHeld();
    let key;
    try {
      key = await parseRecovery(await file.slice(0, 4096).text());
    } catch (error) {
      throw new Error(say(WORDS.notRestored, { reason: error.message }));
    } finally {
      input.value = "";
    }
    await saveKey(this.org, key);
    this.#unsaved = undefined;
    this.show(key, say(WORDS.restored, short(key)));
  }

  async forget() {
    await forgetKey(this.org);
    this.show(undefined, say(WORDS.forgotten));
  }

  async register() {
    const key = await loadKey(this.org);
    if (!key) throw new Error(say(WORDS.none));
    this.form.elements.namedItem("key").value = toHex(key.publicKey);
    this.form.elements.namedItem("possession").value = toHex(await provePossession(key, this.origin, this.org));
    this.form.submit();
  }
}

document.querySelectorAll("form[data-key]").forEach((form) => new KeyForm(form));
