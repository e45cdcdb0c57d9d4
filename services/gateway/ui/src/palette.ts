/** Ctrl/⌘ K goes to the search field; without script the field is reached like any other. */
export function openSearchWithKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const field = document.querySelector<HTMLInputElement>("#search");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
