// The page of open alerts: stays live, counts down, sounds, and acts without leaving. Without it all forms still work.
import { follow, TOLD } from "./live.js";
import { beginShift, canSound, isMuted, play, start, tryStart } from "./sound.js";

// The frame's own module, at the very address at which the page loaded it: a second copy would tick twice.
const shell = await import(document.querySelector('script[src*="/shell.js"]').src);
const board = document.getElementById("now");
const words = JSON.parse(board.dataset.words);
const said = document.getElementById("said");
const say = document.getElementById("say");
const dialog = document.getElementById("part");
const isLive = !("still" in board.dataset);
const isOne = "live" in board.dataset; // one alert: waiting.js says when something changed
const EMERGENCY_EVERY = 15_000;
const LOST_EVERY = 60_000;
const SETTLE = 2_000;

shell.setHubNow(Number(board.dataset.now) * 1000);

// --- time ------------------------------------------------------------------------------------------------------

const two = (n) => String(n).padStart(2, "0");
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "").replaceAll("%%", "%");

function countdown(seconds) {
  const left = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function span(seconds) {
  const all = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  if (all < 60) return fill(words.s, { s });
  if (!h) return s ? fill(words.ms, { m, s }) : fill(words.m, { m });
  return m ? fill(words.hm, { h, m }) : fill(words.h, { h });
}

const spoken = new Set();

/** Say the last countdown at 60, 30 and 10 seconds, and at no other time. */
function speak(now) {
  const first = board.querySelector("article[data-waits=em] .next .big [data-left]");
  if (!first) return;
  const left = Number(first.dataset.left) - Math.floor(now);
  if (left !== 60 && left !== 30 && left !== 10) return;
  const mark = `${first.dataset.left} ${left}`;
  if (spoken.has(mark)) return;
  spoken.add(mark);
  const who = first.closest("article").querySelector(".next .then")?.textContent ?? "";
  document.getElementById("timer-say").textContent = fill(words.in, { n: left, who });
}

function tick() {
  const now = shell.hubNow() / 1000;
  for (const at of board.querySelectorAll("[data-left]")) {
    const text = countdown(Number(at.dataset.left) - now);
    if (at.textContent !== text) at.textContent = text;
  }
  for (const at of board.querySelectorAll("[data-waited]")) {
    const text = span(now - Number(at.dataset.waited));
    if (at.textContent !== text) at.textContent = text;
  }
  for (const bar of board.querySelectorAll("progress[data-until]")) {
    const [since, until] = [Number(bar.dataset.since), Number(bar.dataset.until)];
    bar.value = until > since ? Math.min(1, Math.max(0, (now - since) / (until - since))) : 1;
  }
  if (isLive || isOne) speak(now);
  if (isLive) sound();
}

// --- sound -----------------------------------------------------------------------------------------------------

const soundButton = document.getElementById("sound");
const shift = document.getElementById("shift");
const heard = new Set();
let lastEmergency = -Infinity;
let lastLost = -Infinity;
let lost = false;
let hasBegun = false;
let muted = isLive && isMuted();

function sounding(severity) {
  return [...board.querySelectorAll(`[data-sounds=${severity}]`)];
}

/** Remember the warnings that were there when the shift began: only a new one sounds. */
const markOf = (at) => `${at.dataset.id ?? at.id} ${at.dataset.n ?? ""}`;

/** The id of the alert that was opened last: an id begins with its time. */
const newest = (all) => all.map((at) => at.dataset.id ?? at.id).sort().at(-1);

function sound() {
  const on = canSound() && !muted;
  if (on && !hasBegun) beginShift();
  hasBegun = on;
  shift.hidden = canSound() || muted;
  soundButton.hidden = false;
  soundButton.setAttribute("aria-pressed", String(on));
  soundButton.classList.toggle("is-lost", !on);
  const label = muted ? words.sound_muted : on ? words.sound_on : words.sound_off;
  if (soundButton.textContent !== label) soundButton.textContent = label;
  const now = performance.now();
  if (lost) {
    if (on && now - lastLost >= LOST_EVERY) {
      lastLost = now - play("lost");
    }
    return;
  }
  const urgent = sounding("em");
  const fresh = urgent.filter((at) => !heard.has(markOf(at)));
  const warnings = sounding("wa").filter((at) => !heard.has(markOf(at)));
  const now_ = new Set([...urgent, ...sounding("wa")].map(markOf));
  for (const mark of [...heard]) if (!now_.has(mark)) heard.delete(mark); // silenced, then again: it is new
  for (const mark of now_) heard.add(mark);
  if (!on) {
    for (const at of urgent) heard.delete(markOf(at));
    return;
  }
  if (urgent.length && (fresh.length || now - lastEmergency >= EMERGENCY_EVERY)) {
    lastEmergency = now - play("emergency", newest(fresh));
  } else if (warnings.length) {
    play("warning", newest(warnings));
  }
}

async function startShift() {
  muted = false;
  localStorage.removeItem("carehub.muted");
  beginShift();
  if (await start()) play("trial");
  sound();
}

if (isLive) {
  for (const at of sounding("wa")) heard.add(markOf(at));
  shift.querySelector("button").addEventListener("click", startShift);
  soundButton.addEventListener("click", () => {
    if (!canSound() || muted) return startShift();
    muted = true;
    localStorage.setItem("carehub.muted", "1");
    return sound();
  });
  tryStart().then(sound);
}

// --- acting ----------------------------------------------------------------------------------------------------

const csrf = document.body.dataset.csrf;

/** Send what a form says, or ask for a piece of a page; return its words and whether it is our own piece. */
async function ask(url, fields) {
  const how = { headers: { "x-part": "1" } };
  if (fields) {
    how.method = "POST";
    how.headers["x-csrf"] = csrf;
    how.body = fields;
  }
  const answer = await fetch(url, how);
  if (answer.status === 401) {
    location.assign(signIn());
    return null;
  }
  const html = await answer.text();
  const part = answer.headers.get("x-part");
  if (part) return { html, part };
  const page = new DOMParser().parseFromString(html, "text/html");
  const told = page.querySelector("main section, main .banner");
  return { html: told ? told.outerHTML : "", part: "page" };
}

function tell(html) {
  said.innerHTML = html;
  if (html) said.scrollIntoView({ block: "nearest" });
  fade();
}

const SAID_FOR = 10_000;
let fading = 0;

/** That something is done need not stay; it goes, but not from under a pointer, and not while it has the focus. */
function fade(left = SAID_FOR) {
  clearTimeout(fading);
  if (!said.querySelector("[data-answer=done]")) return;
  fading = setTimeout(() => (said.matches(":hover, :focus-within") ? fade(1000) : said.replaceChildren()), left);
}

fade();

/** Say in the open form why it was not sent; what was typed stays. */
function trouble(...says) {
  let told = dialog.querySelector("[data-trouble]");
  if (!told) {
    told = document.createElement("div");
    told.dataset.trouble = "";
    told.setAttribute("role", "alert");
    dialog.prepend(told);
  }
  told.replaceChildren(...says);
}

function banner(text, head = "") {
  const [at, line, strong] = ["div", "div", "b"].map((name) => document.createElement(name));
  at.className = "banner";
  strong.textContent = head;
  line.append(...(head ? [strong, document.createElement("br")] : []), text);
  at.append(line);
  return at;
}

function notSent() {
  if (dialog?.open) trouble(banner(words.not_sent));
  else tell(banner(words.not_sent).outerHTML);
}

/** Say in an open form that the hub is not there, or that nobody is signed in here any more. */
function whyLost() {
  if (!dialog?.open) return;
  const says = [banner(lostBanner.querySelector("span").textContent, lostBanner.querySelector("b").textContent)];
  if (isOut) {
    const link = document.createElement("a");
    link.className = "btn";
    link.href = signIn();
    link.textContent = words.sign_in;
    says.push(link);
  }
  trouble(...says);
}

const signIn = () => `/sign-in?next=${encodeURIComponent(location.pathname)}`;

async function send(url, fields, from) {
  try {
    const answer = await ask(url, fields);
    if (answer === null) return;
    if (answer.part === "form" && dialog) {
      show(answer.html, from);
      return;
    }
    const isUnsaved = answer.part === "page" || answer.html.includes('data-answer="unsaved"');
    if (dialog?.open && isUnsaved) {
      trouble(element(answer.html) ?? banner(words.not_sent));
      return;
    }
    if (dialog?.open) dialog.close();
    tell(answer.html);
    // A page that is not live is drawn anew, with the answer.
    const how = element(answer.html)?.dataset.answer;
    if (isOne) await renew();
    else if (!isLive && how) location.replace(`${location.pathname}?said=${encodeURIComponent(how)}`);
  } catch {
    notSent();
  }
}

let back = null;

function show(html, from) {
  back = from?.closest("[data-id]")?.id ?? back;
  dialog.innerHTML = html;
  if (!dialog.open) dialog.showModal();
  (dialog.querySelector("[aria-invalid], input:not([type=hidden]), textarea, a[href^=tel]") ?? dialog).focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const inDialog = dialog?.contains(form);
  if (form.id !== "do" && !inDialog) return;
  event.preventDefault();
  if (lost) {
    whyLost();
    return;
  }
  const url = event.submitter?.getAttribute("formaction") ?? form.action;
  send(url, new URLSearchParams(new FormData(form)), event.submitter);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-part], [data-close]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-close]")) {
    if (!dialog?.open) return;
    event.preventDefault();
    dialog.close();
    return;
  }
  event.preventDefault();
  if (lost) return;
  try {
    const answer = await ask(link.href);
    if (answer === null) return;
    if (answer.part === "form") show(answer.html, link);
    else tell(answer.html);
  } catch {
    notSent();
  }
});

dialog?.addEventListener("close", () => document.getElementById(back)?.focus());

// What somebody had typed when the page went (signed out, loaded anew) is there again for the same person.
const DRAFT = "carehub.draft";
const whoIs = () => document.querySelector(".duty-now")?.textContent.trim() ?? "";

addEventListener("pagehide", () => {
  const form = dialog?.open && dialog.querySelector("form");
  const typed = form ? [...new FormData(form)].filter(([name, value]) => name !== "csrf" && value) : [];
  if (typed.length) sessionStorage.setItem(DRAFT, JSON.stringify({ who: whoIs(), url: form.action, back, typed }));
});

async function draft() {
  const kept = JSON.parse(sessionStorage.getItem(DRAFT) ?? "null");
  sessionStorage.removeItem(DRAFT);
  if (!kept || kept.who !== whoIs()) return;
  const answer = await ask(kept.url).catch(() => null);
  if (answer?.part !== "form" || dialog.open) return;
  show(answer.html, document.getElementById(kept.back));
  for (const [name, value] of kept.typed) {
    for (const at of dialog.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (at.type === "radio" || at.type === "checkbox") at.checked ||= at.value === value;
      else at.value = value;
    }
  }
}

// --- keys ------------------------------------------------------------------------------------------------------

const KEYS = { t: 1, g: 1, a: 1, r: 1, h: 1, x: 1, c: 1, n: 1, m: 1 };
const ASKS_ONCE_MORE = new Set(["t", "r"]);

function cards() {
  return [...board.querySelectorAll("[data-id]")];
}

function current() {
  const at = document.activeElement?.closest?.("[data-id]");
  return at && board.contains(at) ? at : board.querySelector("[data-waits]") ?? cards()[0];
}

function go(card) {
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || shell.isTyping(event) || dialog?.open) return;
  if (document.getElementById("help")?.open) return;
  const key = event.key.toLowerCase();
  const all = cards();
  const focused = document.activeElement?.closest?.("[data-id]");
  if (key === "1") {
    go(board.querySelector("[data-waits]"));
  } else if (key === "j" || key === "k") {
    const at = all.indexOf(focused);
    go(all[key === "j" ? Math.min(at + 1, all.length - 1) : Math.max(at - 1, 0)]);
  } else if (key === "enter" && document.activeElement === focused && focused) {
    location.assign(`/alerts/${encodeURIComponent(focused.dataset.id)}`);
  } else if (KEYS[key]) {
    const button = current()?.querySelector(`[data-k=${key}]`);
    if (!button || button.matches("[disabled], [aria-disabled=true]")) return;
    if (ASKS_ONCE_MORE.has(key)) {
      button.dataset.hint = fill(words.once_more, { what: button.textContent.trim() });
      button.addEventListener("blur", () => delete button.dataset.hint, { once: true });
      document.getElementById("timer-say").textContent = button.dataset.hint;
      button.focus();
    } else {
      current().focus();
      button.click();
    }
  } else {
    return;
  }
  event.preventDefault();
});

// --- live ------------------------------------------------------------------------------------------------------

let touchedAt = -Infinity;
let order = null;
let settling = 0;
for (const what of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(what, () => (touchedAt = performance.now()), { passive: true });
}

const known = new Map();

function element(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

/** Put a piece in place of the one that is there; what had the focus keeps it. */
function replace(before, after) {
  const focus = before.contains(document.activeElement) ? document.activeElement : null;
  const mark = focus && (focus.dataset.k ?? focus.getAttribute("formaction") ?? focus.getAttribute("href"));
  before.replaceWith(after);
  if (!focus) return;
  const again = [...after.querySelectorAll("[data-k], [formaction], [href]")].find(
    (at) => mark && [at.dataset.k, at.getAttribute("formaction"), at.getAttribute("href")].includes(mark),
  );
  (again ?? after).focus();
}

function containerOf(group, kind) {
  return document.getElementById(group).querySelector(kind === "card" ? "[data-cards]" : "[data-lines]");
}

/** Put all pieces in order and take away what is over; waits until nobody points or types. */
function settle() {
  clearTimeout(settling);
  if (order === null) return;
  const quiet = performance.now() - touchedAt;
  if (quiet < SETTLE) {
    settling = setTimeout(settle, SETTLE - quiet + 20);
    return;
  }
  for (const [group, rows] of Object.entries(order)) {
    const section = document.getElementById(group);
    const wanted = new Set(rows.map(([key]) => key));
    for (const old of section.querySelectorAll("[data-cards] > *, [data-lines] > *")) {
      if (!wanted.has(old.id)) {
        if (old.contains(document.activeElement)) document.getElementById("main").focus();
        old.remove();
        known.delete(old.id);
      }
    }
    const places = new Map();
    for (const [key, kind] of rows) {
      const at = document.getElementById(key);
      const container = containerOf(group, kind);
      if (!at) continue;
      const place = places.get(container) ?? container.firstElementChild;
      if (at === place) places.set(container, at.nextElementSibling);
      else container.insertBefore(at, place);
    }
    section.hidden = rows.length === 0;
    const lines = section.querySelector("[data-lines]");
    lines.hidden = lines.children.length === 0;
  }
}

function change(data, isFirst) {
  shell.setHubNow(data.now * 1000);
  for (const [key, html] of Object.entries(data.html ?? {})) {
    if (known.get(key) === html) continue;
    known.set(key, html);
    const after = element(html);
    const before = document.getElementById(key);
    if (before) {
      replace(before, after);
      continue;
    }
    const [group, kind] = Object.entries(data.order).flatMap(([name, rows]) =>
      rows.filter(([id]) => id === key).map(([, kind]) => [name, kind]),
    )[0];
    document.getElementById(group).hidden = false;
    const container = containerOf(group, kind);
    container.hidden = false;
    after.classList.add("is-new");
    container.append(after);
    if (!isFirst && after.dataset.waits && after.dataset.say) say.textContent = after.dataset.say;
  }
  if (data.order) {
    order = data.order;
    const wanted = new Set(Object.values(order).flat().map(([key]) => key));
    for (const at of board.querySelectorAll("[data-cards] > *, [data-lines] > *")) {
      if (wanted.has(at.id)) continue;
      at.classList.add("is-over"); // taken away once nobody points at it
      for (const name of ["data-sounds", "data-waits"]) at.removeAttribute(name);
      off(at, true);
    }
    settle();
  }
  const parts = data.parts ?? {};
  for (const name of ["glance", "banner", "side", "proof"]) {
    if (name in parts) document.getElementById(name)[name === "proof" ? "textContent" : "innerHTML"] = parts[name];
  }
  if ("title" in parts) board.dataset.title = parts.title;
  if ("waiting" in parts) {
    for (const at of document.querySelectorAll("[data-waiting]")) {
      at.hidden = parts.waiting === "0";
      at.querySelector("[data-waiting-n]").textContent = parts.waiting;
    }
  }
  document.getElementById("calm").hidden = !data.empty;
  board.dataset.rev = data.rev;
  title();
  tick();
}

const tail = document.title.slice(board.dataset.title?.length ?? 0);

function title() {
  document.title = (lost ? "⚠ " : "") + board.dataset.title + tail;
}

// --- a lost connection -----------------------------------------------------------------------------------------

const lostBanner = document.getElementById("lost");
let isOut = false;
const link = document.getElementById("link");

/** Switch what acts off or on again; what was off before stays so. */
function off(within, isOff) {
  for (const at of within.querySelectorAll(".acts button, .acts a, .brief button, [data-part]")) {
    if (at.matches("button")) at.disabled = isOff;
    at.toggleAttribute("aria-disabled", isOff);
    if (isOff) at.setAttribute("aria-disabled", "true");
    at.title = isOff ? words.later : "";
  }
}

function clockOf(ms) {
  const zone = document.querySelector("[data-clock]").dataset.zone;
  return new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone }).format(ms);
}

function connection(state) {
  const wasLost = lost;
  lost = state.name !== "live";
  if (link) link.hidden = false;
  link?.classList.toggle("is-lost", lost);
  document.body.classList.toggle("is-stale", lost);
  lostBanner.hidden = !lost;
  if (!lost) {
    if (link) link.querySelector("[data-words]").textContent = words.live;
    if (wasLost) off(board, false);
    dialog?.querySelector("[data-trouble]")?.remove();
    lastLost = -Infinity;
  } else {
    const out = (isOut = state.name === "out");
    const head = out ? words.out : state.name === "sick" ? words.sick : fill(words.lost, { at: clockOf(state.since) });
    lostBanner.querySelector("b").textContent = head;
    lostBanner.querySelector("span").textContent = out ? words.out_what : words.lost_what;
    lostBanner.querySelector("button").textContent = out ? words.sign_in : words.again;
    if (link) link.querySelector("[data-words]").textContent = head;
    off(board, true);
    whyLost();
  }
  if (!isLive) return; // waiting.js has title and tones
  title();
  sound();
}

/** A beat of the hub; a window in the background has no other clock that still ticks. */
function beat(ms) {
  shell.setHubNow(ms);
  tick();
}

if (isLive) {
  const stream = follow({ change, connection, beat, now: () => shell.hubNow() });
  addEventListener("pagehide", () => {
    const seen = [...board.querySelectorAll("[data-waits=em]")].map((at) => at.dataset.id);
    sessionStorage.setItem(TOLD, JSON.stringify(seen)); // no other page calls them new
  });
  lostBanner.querySelector("button").addEventListener("click", () => stream.again());
}

// --- one alert -------------------------------------------------------------------------------------------------

const RENEW_EVERY = 1_000;
let renewing = null;
let renewedAt = -Infinity;

/** Ask for what is shown of the alert, and put in what is another; a select-and-copy goes on. */
async function renew() {
  renewedAt = performance.now();
  const answer = await fetch(board.dataset.live, { headers: { accept: "text/html" }, cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const after of fresh.body.children) {
    const before = document.getElementById(after.id);
    if (known.get(after.id) === after.outerHTML) continue;
    known.set(after.id, after.outerHTML);
    replace(before, document.adoptNode(after.cloneNode(true)));
  }
  if (lost) off(board, true);
  tick();
}

/** Something changed somewhere: look at once, but not more often than once a second. */
function renewSoon() {
  if (renewing !== null || document.hidden) return;
  const wait = Math.max(0, renewedAt + RENEW_EVERY - performance.now());
  renewing = setTimeout(() => {
    renewing = null;
    renew();
  }, wait);
}

if (isOne) {
  const waiting = await import(document.querySelector('script[src*="/waiting.js"]').src);
  waiting.listen({ connection, changed: renewSoon });
  lostBanner.querySelector("button").addEventListener("click", () => (isOut ? location.reload() : waiting.again()));
  document.addEventListener("visibilitychange", renewSoon);
}

tick();
setInterval(tick, 1000);
draft();
board.dataset.ready = "";
