// Signing page: <form method="post" data-sign …> as in sign_form.js, with a [data-status role="status"] and a button.
import { keyFor, readStatement, showStatement, signForm, WORDS } from "./sign_form.js";
import { say, tell } from "./page_parts.js";

/** Shows a form's statement and lets its button sign it. */
async function prepare(form) {
  const button = form.querySelector('button:not([type="button"])');
  button.disabled = true;
  let statement;
  try {
    statement = readStatement(form);
    showStatement(form, statement);
  } catch (error) {
    return tell(form, say(WORDS.broken, { reason: error.message }), true);
  }
  try {
    const key = await keyFor(form, statement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.disabled = true;
      signForm(form, statement, key).then(
        () => form.submit(),
        (error) => tell(form, say(WORDS.broken, { reason: error.message }), true),
      );
    });
    tell(form, say(WORDS.ready, { mine: key.kid.slice(0, 16) }));
    button.disabled = false;
  } catch (error) {
    tell(form, error.message, true);
  }
}

document.querySelectorAll("form[data-sign]").forEach(prepare);
