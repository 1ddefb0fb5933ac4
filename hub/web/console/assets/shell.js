// What every page of the console does with a script: its clock ticks, `/` finds, `?` helps. All else works without.

/** Whether keys are typed into something, or switched off in the settings. */
export function isTyping(event) {
  const at = event.target;
  const field = at instanceof HTMLElement && (at.isContentEditable || at.matches("input, textarea, select"));
  return field || event.ctrlKey || event.metaKey || event.altKey || "noKeys" in document.documentElement.dataset;
}

/** The hub's time in milliseconds: what the page said, and what has passed since. */
export function hubNow() {
  return started + (performance.now() - loaded);
}

/** Set the hub's time anew: a laptop that slept counts no time, a stream tells it. */
export function setHubNow(ms) {
  started = ms;
  loaded = performance.now();
}

const clock = document.querySelector("[data-clock]");
let started = clock ? Date.parse(clock.dataset.clock) : Date.now();
let loaded = performance.now();

function tick() {
  const now = hubNow();
  clock.textContent = shown.format(now);
  setTimeout(tick, 1000 - (now % 1000));
}
const shown = clock && new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: clock.dataset.zone });
if (clock) tick();

const find = document.getElementById("find");
const help = document.getElementById("help");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target === find) {
    find.form.classList.remove("is-open");
    document.getElementById("main").focus();
    return;
  }
  if (event.defaultPrevented || isTyping(event)) return;
  if (event.key === "/" && find) {
    find.form.classList.add("is-open"); // on a narrow window it is folded away
    find.focus();
    find.select();
  } else if (event.key === "?" && help && !help.open) {
    help.showModal();
  } else {
    return;
  }
  event.preventDefault();
});
