// The verifier in one file (see market/provenance/verifier_file.py): the form of verify_page.js, and a trust file that is
// chosen as a file. Nothing is fetched; the page's policy forbids every connection.
import "./alone_language.js";
import "./verify_page.js";

const form = document.querySelector("form[data-verify]");

form.querySelector('[name="trust_file"]').addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  form.elements.trust.value = await file.text();
  form.elements.trust.dispatchEvent(new Event("input", { bubbles: true }));
});
