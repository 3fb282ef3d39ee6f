// Who opens a case from the inbox has read the notice: said on the way out, without waiting for an answer.

document.addEventListener("click", (event) => {
  const row = event.target.closest("a.number") ? event.target.closest("[data-notice]") : null;
  if (row) {
    const body = new URLSearchParams({ id: row.dataset.notice, quiet: "1" });
    fetch("/notices/read", { method: "POST", body, keepalive: true });
  }
});
