// Keeps one part of a page fresh: it asks for it every few seconds, and changes nothing that somebody is just using.

import { hubNow } from "./shell.js";

const LOST = document.querySelector("[data-lost]");

for (const part of document.querySelectorAll("[data-refresh]")) keep(part);

function keep(part) {
  const every = Number(part.dataset.every) * 1000;
  let known = null;
  let tag = "";

  async function look() {
    if (document.hidden || isUsed(part)) return;
    try {
      const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html", "If-None-Match": tag }, redirect: "error", cache: "no-store" });
      if (answer.status === 401) return location.reload();
      if (answer.status === 304) return show(false);
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      show(false);
      if (isUsed(part)) return;
      if (text !== known) part.innerHTML = text;
      known = text;
      tag = answer.headers.get("ETag") ?? "";
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
