// The page of a home: keeps it fresh while it is open, and has a reload of a page that shows something masked lead back.
const page = document.getElementById("hm");
const revealed = document.getElementById("hm-revealed");

if (revealed) history.replaceState(null, "", revealed.dataset.back);

if (page && "EventSource" in window) follow(page);

function follow(page) {
  // Three beats of five seconds may be missing before the page says that it is no longer live.
  const silentMs = 15000;
  const link = document.getElementById("hm-link");
  const lost = document.getElementById("hm-lost");
  let heard = Date.now();
  let shown = "";

  const source = new EventSource(page.dataset.liveUrl);
  source.addEventListener("now", (event) => { alive(); renew(event.data); });
  source.addEventListener("beat", (event) => { alive(); clock(event.data); });
  source.addEventListener("over", () => { source.close(); location.reload(); });
  source.addEventListener("sick", () => say(false));
  // The browser tries again by itself; what is back within four seconds was nothing.
  source.onerror = () => { heard = Math.min(heard, Date.now() - silentMs + 4000); };
  setInterval(() => { if (Date.now() - heard > silentMs) say(false); }, 1000);
  setInterval(picture, 60000);

  function alive() {
    heard = Date.now();
    say(true);
  }

  function clock(now) {
    shown = now;
    document.querySelector("[data-clock-of-home]").textContent = now;
  }

  function say(live) {
    link.hidden = false;
    link.classList.toggle("is-lost", !live);
    link.querySelector("[data-words]").textContent = live ? link.dataset.liveWords : link.dataset.lostWords;
    if (lost.hidden === live) return;
    lost.hidden = live;
    if (!live) lost.querySelector("[data-since]").textContent = shown || new Date(heard).toLocaleTimeString();
  }

  // Only what is another is replaced, and nothing under the keyboard's focus: that waits for the next change.
  function renew(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
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
}
