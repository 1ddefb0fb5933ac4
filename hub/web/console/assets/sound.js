// The sounds of the console, made here: no file is loaded. What was played is counted in `data-played`, for whoever
// wonders whether this browser sounds at all, and for the tests.

// Source: the tones of IEC 60601-1-8 in spirit: high priority two groups of five, medium one group of three, low one.
const EMERGENCY = [988, 880, 784, 698, 587]; // falling
const WARNING = [784, 659, 784];
const LOST = [220];

// Several pages of one browser sound as one: what one of them played the others leave, for as long as it lasts.
const ONCE = 2_500;
const PAGE = Math.random().toString(36).slice(2);

let context = null;

/** What marks this sign-in in the browser's memory. */
export const signIn = () => (document.body.dataset.csrf ?? "").slice(0, 16);

/** Remember that whoever is signed in here has begun a shift: all pages sound from now on. */
export function beginShift() {
  localStorage.setItem("carehub.shift", signIn());
}

/** Whether the shift has begun in this browser, on whatever page. */
export function inShift() {
  return signIn() !== "" && localStorage.getItem("carehub.shift") === signIn();
}

/** Whether somebody muted this browser. */
export function isMuted() {
  return localStorage.getItem("carehub.muted") === "1";
}

const playedBy = (name) => (localStorage.getItem(`carehub.played.${name}`) ?? "- 0 ").split(" ");

/** Return how many milliseconds ago a page of this browser played it. */
export function lastPlayed(name) {
  return Math.max(0, Date.now() - Number(playedBy(name)[1]));
}

/** Whether this browser lets us sound: it wants one click first. */
export function canSound() {
  return context !== null && context.state === "running";
}

/** Begin to sound; called from a click. */
export async function start() {
  context = context ?? new AudioContext();
  await context.resume();
  return canSound();
}

/** Try without a click: a browser that trusts this page lets it. */
export async function tryStart() {
  try {
    context = context ?? new AudioContext();
    context.resume();
    await new Promise((done) => setTimeout(done, 200));
  } catch {
    context = null;
  }
  return canSound();
}

function tone(hertz, at, seconds, loud) {
  const wave = context.createOscillator();
  const gain = context.createGain();
  wave.type = "triangle";
  wave.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loud, at + 0.02);
  gain.gain.setValueAtTime(loud, at + seconds - 0.04);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  wave.connect(gain).connect(context.destination);
  wave.start(at);
  wave.stop(at + seconds);
}

function row(tones, at, seconds, gap, loud) {
  tones.forEach((hertz, n) => tone(hertz, at + n * gap, seconds, loud));
}

const PLAYS = {
  emergency(at) {
    row(EMERGENCY, at, 0.16, 0.2, 0.5);
    row(EMERGENCY, at + 1.5, 0.16, 0.2, 0.5);
  },
  warning: (at) => row(WARNING, at, 0.22, 0.28, 0.4),
  lost: (at) => row(LOST, at, 0.6, 1, 0.5),
  trial: (at) => row(EMERGENCY, at, 0.16, 0.2, 0.5), // what would wake one, once
};

/**
 * Play one of: emergency, warning, lost, trial. Return how many milliseconds ago it sounded: 0, it does now.
 * `about` is the id of the alert that is new; none, if it is only said again. Another page's tone for another alert is
 * no reason to keep quiet about this one.
 */
export function play(name, about = "") {
  if (!canSound()) return 0;
  const ago = lastPlayed(name);
  const [page, , before] = playedBy(name);
  if (name !== "trial" && page !== PAGE && ago < ONCE && (!about || about === before)) return ago;
  localStorage.setItem(`carehub.played.${name}`, `${PAGE} ${Date.now()} ${about}`);
  PLAYS[name](context.currentTime + 0.05);
  const counted = document.documentElement.dataset;
  const played = JSON.parse(counted.played ?? "{}");
  played[name] = (played[name] ?? 0) + 1;
  counted.played = JSON.stringify(played);
  return 0;
}
