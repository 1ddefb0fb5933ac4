// The page of a home: stays fresh while it is open; a reload of a page that shows something masked leads back.
const SILENT_AFTER = 12_000; // the hub beats every 5 s
const TRY_AGAIN = 1_000;
const PICTURE_EVERY = 60_000;

const page = document.getElementById("hm");
const revealed = document.getElementById("hm-revealed");

if (revealed) history.replaceState(null, "", revealed.dataset.back);
if (page && "EventSource" in window) follow();

function follow() {
  const link = document.getElementById("hm-link");
  const lost = document.getElementById("hm-lost");
  let heardAt = performance.now();
  let hubTime = document.querySelector("[data-clock-of-home]").textContent;
  let source = null;
  let again = 0;

  function open() {
    clearTimeout(again);
    source?.close();
    source = new EventSource(page.dataset.liveUrl);
    source.addEventListener("now", (event) => { hear(); renew(event.data); });
    source.addEventListener("beat", (event) => { hear(); clock(event.data); });
    source.addEventListener("sick", () => say(false));
    source.addEventListener("over", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => { source.close(); again = setTimeout(retry, TRY_AGAIN); });
  }

  // Connect again, unless the reason is that nobody is signed in any more.
  async function retry() {
    try {
      const answer = await fetch("/live/signed-in", { cache: "no-store" });
      if (answer.status === 401) location.reload();
      else open();
    } catch {
      say(false); // nobody is there: that is known at once, and need not be waited for
      again = setTimeout(retry, TRY_AGAIN * 2);
    }
  }

  function hear() {
    heardAt = performance.now();
    say(true);
  }

  function clock(now) {
    hubTime = now;
    document.querySelector("[data-clock-of-home]").textContent = now;
  }

  function say(live) {
    link.hidden = false;
    link.classList.toggle("is-lost", !live);
    link.querySelector("[data-words]").textContent = live ? link.dataset.liveWords : link.dataset.lostWords;
    page.classList.toggle("is-old", !live);
    if (lost.hidden === live) return;
    lost.hidden = live;
    if (!live) lost.querySelector("[data-since]").textContent = hubTime;
  }

  // Only what is another is replaced, and nothing under the keyboard's focus: that waits for the next change.
  function renew(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    hubTime = fresh.querySelector("[data-clock-of-home]").textContent;
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (old && old.outerHTML !== part.outerHTML && !old.matches(":has(:focus-visible)")) old.replaceWith(part);
    }
  }

  async function picture() {
    const old = document.getElementById("hm-picture");
    if (document.hidden || old.matches(":has(:focus-visible)")) return;
    const answer = await fetch(page.dataset.pictureUrl, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("hm-picture");
    if (fresh) old.replaceWith(fresh);
  }

  setInterval(() => { if (performance.now() - heardAt > SILENT_AFTER) say(false); }, 1_000);
  setInterval(picture, PICTURE_EVERY);
  addEventListener("offline", () => say(false));
  addEventListener("online", retry);
  open();
}
