// Signing page: <form method="post" data-sign …> as in sign_form.js, with a [data-status role="status"] and a button.
// A form may ask for a second statement: data-also names the prefix of its fields, [data-part=prefix] is where it is shown.
import { keyFor, readStatement, showStatement, signForm, WORDS } from "./sign_form.js";
import { say, tell } from "./page_parts.js";

/** The fields and places of one of a form's statements, in the shape that sign_form.js works on. */
function part(form, prefix) {
  return {
    dataset: form.dataset,
    elements: { namedItem: (name) => form.elements.namedItem(prefix + name) },
    querySelector: (selector) => form.querySelector(prefix ? `[data-part="${prefix}"] ${selector}` : selector),
  };
}

/** Shows a form's statements and lets its button sign them. */
async function prepare(form) {
  const button = form.querySelector('button:not([type="button"])');
  button.disabled = true;
  const parts = [part(form, ""), ...(form.dataset.also ? [part(form, form.dataset.also)] : [])];
  let statements;
  try {
    statements = parts.map(readStatement);
    parts.forEach((one, place) => showStatement(one, statements[place]));
  } catch (error) {
    return tell(form, say(WORDS.broken, { reason: error.message }), true);
  }
  try {
    const keys = await Promise.all(parts.map((one, place) => keyFor(one, statements[place])));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.disabled = true;
      Promise.all(parts.map((one, place) => signForm(one, statements[place], keys[place]))).then(
        () => form.submit(),
        (error) => tell(form, say(WORDS.broken, { reason: error.message }), true),
      );
    });
    tell(form, say(WORDS.ready, { mine: keys[0].kid.slice(0, 16) }));
    button.disabled = false;
  } catch (error) {
    tell(form, error.message, true);
  }
}

document.querySelectorAll("form[data-sign]").forEach(prepare);
