// A test that runs: asks for its list each second and shows it when it changed; says once what a reader must hear.

const EVERY_MS = 1000;
const LOST_AFTER = 3;
const PATIENCE_MS = 4000; // a phone that left its cell hears neither an answer nor a refusal
const list = document.querySelector("[data-test]");
const gone = document.querySelector("[data-test-gone]");
const said = document.querySelector("[data-test-said]");
let shown = list ? list.innerHTML.trim() : "";
let failed = 0;

function take(html) {
  if (html.trim() === shown) return;
  shown = html.trim();
  const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
  list.innerHTML = html;
  if (focused) document.getElementById(focused)?.focus();
  const ask = list.querySelector("form h2");
  said.textContent = (ask ?? list.querySelector("h2")).textContent;
}

async function look() {
  const patience = new AbortController();
  const ends = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(list.dataset.test, { headers: { Accept: "text/html" }, cache: "no-store", signal: patience.signal });
    if (answer.status === 204) return location.assign(list.dataset.testOver);
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    take(await answer.text());
    failed = 0;
    gone.hidden = true;
  } catch {
    failed += 1;
    if (failed === LOST_AFTER) {
      gone.textContent = list.dataset.testLost;
      gone.hidden = false;
    }
  } finally {
    clearTimeout(ends);
  }
  return setTimeout(look, EVERY_MS);
}

if (list) setTimeout(look, EVERY_MS);
