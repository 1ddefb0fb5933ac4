// Keeps one part of a page fresh: it asks for it every few seconds, and changes nothing that somebody is just using.

import { hubNow } from "./shell.js";

const LOST = document.querySelector("[data-lost]");

for (const part of document.querySelectorAll("[data-refresh]")) keep(part);

function keep(part) {
  const every = Number(part.dataset.every) * 1000;
  let known = null;

  async function look() {
    if (document.hidden || isUsed(part)) return;
    try {
      const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      show(false);
      if (text !== known && !isUsed(part)) part.innerHTML = text;
      known = text;
    } catch {
      show(true);
    }
  }

  setInterval(look, every);
  document.addEventListener("visibilitychange", look);
}

/** Whether somebody reads or types in it: text is selected, or the focus is inside. */
function isUsed(part) {
  const selection = document.getSelection();
  const selects = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  return selects || part.contains(document.activeElement);
}

function show(lost) {
  if (!LOST || LOST.hidden !== lost) return;
  LOST.hidden = !lost;
  const shown = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: LOST.dataset.zone });
  if (lost) LOST.textContent = LOST.dataset.lost.replace("…", shown.format(hubNow()));
}
