// Copy buttons: <button data-copy="#id of what to copy" data-copied="Copied">. The label itself says that it worked.

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
  } catch {
    getSelection().selectAllChildren(source); // Not allowed to copy: selected, it takes one key.
    return;
  }
  button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.copied ?? (document.documentElement.lang.startsWith("zh") ? "已复制" : "Copied");
  setTimeout(() => (button.textContent = button.dataset.label), 5000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});
