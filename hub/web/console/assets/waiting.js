// What every page that is no board does about alerts: the number in the menu, the title of the tab, the tones, a bar with
// a new emergency, and whether the hub is there. One page of a browser listens to the hub and tells the others.
import { follow, TOLD } from "./live.js";
import { canSound, inShift, isMuted, lastPlayed, play, signIn, start, tryStart } from "./sound.js";

// The frame's own module, at the very address at which the page loaded it: a second copy would tick twice.
const shell = await import(document.querySelector('script[src*="/shell.js"]').src);

const EMERGENCY_EVERY = 15_000;
const LOST_EVERY = 60_000;
const SILENT_AFTER = 8_000; // whoever listens tells of the hub's beat every 5 s
const ANSWERS_WITHIN = 250;
const SETTLE = 700;
const MOST_TOLD = 100;

const bar = document.getElementById("newcomer");
const link = document.getElementById("waiting-link");
const soundButton = document.getElementById("waiting-sound");
const words = JSON.parse(bar.dataset.words);
const plainTitle = document.title;
const listeners = [];

let facts = null;
let state = { name: "", since: 0 };

/** Have a page hear of it too: `connection(state)`, and `changed()` whenever any alert is another. */
export function listen(one) {
  listeners.push(one);
  if (state.name) one.connection(state);
  if (facts) one.changed();
}

/** Connect again, because somebody asked for it. */
export function again() {
  if (stream) stream.again();
  else lead();
}

// --- what is shown ---------------------------------------------------------------------------------------------

const isLost = () => state.name !== "" && state.name !== "live";

function title() {
  const urgent = facts?.title ? `${facts.title} · ` : "";
  const shown = (isLost() ? "⚠ " : "") + urgent + plainTitle;
  if (document.title !== shown) document.title = shown;
}

function number() {
  for (const at of document.querySelectorAll("[data-waiting]")) {
    at.hidden = facts.n === "0";
    at.querySelector("[data-waiting-n]").textContent = facts.n;
  }
}

function clockOf(ms) {
  const zone = document.querySelector("[data-clock]").dataset.zone;
  return new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone }).format(ms);
}

function status() {
  if (!link) return;
  link.hidden = false;
  link.classList.toggle("is-lost", isLost());
  const at = link.querySelector("[data-words]");
  if (state.name === "out") {
    const way = document.createElement("a");
    way.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
    way.textContent = words.sign_in;
    at.replaceChildren(`${words.out} `, way);
  } else {
    const lost = state.name === "sick" ? words.sick : words.lost.replace("%(at)s", clockOf(state.since));
    at.textContent = isLost() ? lost : words.live;
  }
}

// --- a new emergency -------------------------------------------------------------------------------------------

function told() {
  const known = sessionStorage.getItem(TOLD);
  return known === null ? null : JSON.parse(known);
}

/** Say what is new in a bar over the page, where nothing moves; return the id of the newest that is. */
function announce() {
  const before = told();
  const fresh = before === null ? [] : facts.newest.filter((one) => !before.includes(one.id));
  const now = new Set([...(before ?? []), ...facts.newest.map((one) => one.id)]);
  sessionStorage.setItem(TOLD, JSON.stringify([...now].slice(-MOST_TOLD)));
  const first = fresh.find((one) => !document.querySelector(`[data-about-alert="${CSS.escape(one.id)}"]`));
  if (first) show(first);
  return fresh[0]?.id;
}

function show(first) {
  const way = document.createElement("a");
  way.href = `/alerts/${encodeURIComponent(first.id)}`;
  way.textContent = first.say;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn quiet";
  close.textContent = words.close;
  close.addEventListener("click", () => take(null));
  bar.replaceChildren(way, close);
  bar.dataset.about = first.id;
  bar.hidden = false;
  bar.classList.add("is-fresh"); // a click that was meant for what stood there goes there
  setTimeout(() => bar.classList.remove("is-fresh"), SETTLE);
}

function take(about) {
  if (bar.hidden || bar.dataset.about === about) return;
  bar.hidden = true;
  bar.replaceChildren();
}

/** Take the bar away once somebody has the alert; not from under a pointer. */
function isStillNew() {
  if (!facts || bar.hidden || bar.matches(":hover, :focus-within")) return;
  if (!facts.newest.some((one) => one.id === bar.dataset.about)) take(null);
}

// --- sound -----------------------------------------------------------------------------------------------------

let lastEmergency = performance.now() - lastPlayed("emergency");
let lastLost = performance.now() - lastPlayed("lost");
let sounding = Infinity;

function sound(about) {
  if (soundButton) soundButton.hidden = !inShift() || isMuted() || canSound();
  if (!inShift() || isMuted() || !canSound()) return;
  const now = performance.now();
  if (isLost()) {
    if (now - lastLost >= LOST_EVERY) lastLost = now - play("lost");
    return;
  }
  lastLost = -Infinity;
  const count = facts?.sounds ?? 0;
  const isFresh = about || count > sounding; // one that was silenced sounds again
  if (facts) sounding = count;
  if (count && (isFresh || now - lastEmergency >= EMERGENCY_EVERY)) lastEmergency = now - play("emergency", about);
}

function tick(about) {
  sound(about);
  isStillNew();
}

// A browser wants one click on this page first; the first one on anything will do.
for (const what of ["pointerdown", "keydown"]) {
  document.addEventListener(what, () => inShift() && !isMuted() && !canSound() && start().then(() => sound()));
}

// --- who listens -----------------------------------------------------------------------------------------------

const channel = "BroadcastChannel" in window ? new BroadcastChannel(`carehub.waiting.${signIn()}`) : null;
const me = Math.random();
let stream = null;
let heardAt = performance.now();

function tell(message) {
  channel?.postMessage({ ...message, from: me });
}

function change(data) {
  shell.setHubNow(data.now * 1000);
  facts = data;
  number();
  title();
  tick(announce());
  for (const one of listeners) one.changed();
}

function connection(next) {
  if (state.name === next.name) return;
  state = next;
  status();
  title();
  sound();
  for (const one of listeners) one.connection(state);
}

function beat(ms) {
  shell.setHubNow(ms);
  tick();
}

function lead() {
  if (stream) return;
  stream = follow({
    url: "/live/waiting",
    changes: "waiting",
    now: () => shell.hubNow(),
    change(data) {
      change(data);
      tell({ facts: data });
    },
    beat(ms) {
      beat(ms);
      tell({ beat: ms });
    },
    connection(next) {
      connection(next);
      // That nobody is signed in is for each page to find out: it may be another one's sign-in by now.
      tell(next.name === "out" ? { gone: true } : { state: next });
    },
  });
}

function rest() {
  stream?.stop();
  stream = null;
}

/** Hear from the page that listens; of two that do one stops. */
function hear({ data }) {
  if (data.asks) {
    if (stream && facts) tell({ facts, state });
    return;
  }
  if (data.gone) {
    if (!stream) setTimeout(() => performance.now() - heardAt > ANSWERS_WITHIN && lead(), ANSWERS_WITHIN * (1 + Math.random()));
    heardAt = -Infinity;
    return;
  }
  if (stream) {
    if (isLost() || data.state?.name === "lost" || data.from < me) return;
    rest();
  }
  heardAt = performance.now();
  if (data.state) connection(data.state);
  if (data.facts) change(data.facts);
  if (data.beat) beat(data.beat);
}

if (channel) {
  channel.addEventListener("message", hear);
  heardAt = -Infinity;
  tell({ asks: true });
  setTimeout(() => performance.now() - heardAt > SILENT_AFTER && lead(), ANSWERS_WITHIN);
  addEventListener("pagehide", () => {
    if (stream) tell({ gone: true });
    rest();
  });
  addEventListener("pageshow", (event) => event.persisted && lead());
} else {
  lead();
}

setInterval(() => {
  if (!stream && performance.now() - heardAt > SILENT_AFTER) lead();
  tick();
}, 1000);
soundButton?.addEventListener("click", () => start().then(() => sound()));
if (inShift()) tryStart().then(() => sound());
document.documentElement.dataset.waits = "";
