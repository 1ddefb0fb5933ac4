// Draws the state that the server sends, and hands back what is clicked. No library, no build.
"use strict";

const words = JSON.parse(document.getElementById("words").textContent);
const SVG = "http://www.w3.org/2000/svg";
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let state = null;
let clock = { at: 0, ms: 0, pace: 1 };
let known = new Set();

// --- a small tree of elements: [tag, attributes, ...children]; what has not changed is left alone

function patch(parent, children, space) {
  const wanted = flat(children);
  const named = new Map();
  for (const node of parent.childNodes) if (node.stageKey) named.set(node.stageKey, node);
  wanted.forEach((child, place) => {
    const old = parent.childNodes[place];
    let node = match(child, old, named);
    if (!node) node = make(child, space);
    if (node !== old) parent.insertBefore(node, old || null);
    if (Array.isArray(child)) dress(node, child, space);
    else if (node.nodeValue !== String(child)) node.nodeValue = String(child);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

// An element is a tag with its attributes (or null); every other array is a list of children.
const isElement = (child) => Array.isArray(child) && typeof child[0] === "string" && child.length > 1 && !Array.isArray(child[1]) && typeof child[1] === "object";

function flat(children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false && child !== "");
  return kept.flatMap((child) => (Array.isArray(child) && !isElement(child) ? flat(child) : [child]));
}

function match(child, old, named) {
  if (!Array.isArray(child)) return old && old.nodeType === 3 && !old.stageKey ? old : null;
  const key = child[1] && child[1].key;
  if (key) return named.get(key) || null;
  const same = old && old.nodeType === 1 && !old.stageKey && old.localName === child[0];
  return same ? old : null;
}

function make(child, space) {
  if (!Array.isArray(child)) return document.createTextNode(String(child));
  const inside = child[0] === "svg" ? SVG : space;
  const node = inside ? document.createElementNS(inside, child[0]) : document.createElement(child[0]);
  if (child[1] && child[1].key) node.stageKey = child[1].key;
  return node;
}

function dress(node, [tag, given, ...children], space) {
  const attributes = given || {};
  const before = node.stageAttributes || {};
  for (const name of Object.keys(before)) if (!(name in attributes)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes)) {
    // A control that was refused shows what is so, not what was wished.
    if (name === "checked" || name === "value") node[name] = value;
    if (name === "key" || before[name] === value) continue;
    if (name.startsWith("on")) node[name] = value;
    else if (value === null || value === false) node.removeAttribute(name);
    else if (name !== "checked" && name !== "value") node.setAttribute(name, value === true ? "" : value);
  }
  node.stageAttributes = attributes;
  patch(node, children, tag === "svg" ? SVG : space);
}

const byId = (id) => document.getElementById(id);
const icon = (name) => ["svg", { class: "i", viewBox: "0 0 24 24", "aria-hidden": "true" }, ["path", { d: ICONS[name] || ICONS.device }]];

const ICONS = {
  button: "M12 4a8 8 0 1 0 .01 0zM12 10a2 2 0 1 0 .01 0z",
  fall: "M15 4.5a1.500 1.500 0 1 0 .01 0zM5 20h14M8 16l3-6 4 2 3-3M11 10 7 7",
  gas: "M12 3c.8 3.600 6 5.600 6 11a6 6 0 0 1-12 0c0-2.300 1-3.800 2.300-5.200.3 1.500.9 2.200 1.800 2.600C9.700 8.500 10.200 5.600 12 3z",
  smoke: "M5 18h14M7 14c0-3 4-3 4-6M13 14c0-3 4-3 4-6",
  co: "M5 9a5 5 0 1 0 0 6M15 7a5 5 0 1 0 .01 0z",
  leak: "M12 4c3 4 5 6.500 5 9.500a5 5 0 0 1-10 0C7 10.500 9 8 12 4z",
  motion: "M4 12a8 8 0 0 1 3-6M20 12a8 8 0 0 0-3-6M8 12a4 4 0 0 1 1.500-3M16 12a4 4 0 0 0-1.500-3M12 12v.1M12 16v4",
  contact: "M6 21V3h12v18M3 21h18M14 12v1",
  bed: "M3 18V7M3 14h18v4M21 14v-2a3 3 0 0 0-3-3h-8v5",
  temperature: "M10 4a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 9v8",
  humidity: "M12 4c3 4 5 6.500 5 9.500a5 5 0 0 1-10 0C7 10.500 9 8 12 4zM10 14a2 2 0 0 0 2 2",
  mains: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  valve: "M3 15h18M3 9h4l5 6 5-6h4M12 12V5M9 5h6",
  siren: "M4 18h16M7 18v-5a5 5 0 0 1 10 0v5M12 5V3",
  bridge: "M4 14h16v6H4zM8 17h.1M12 14V9M8 8a5.500 5.500 0 0 1 8 0M5.500 5.500a9 9 0 0 1 13 0",
  network: "M4 9a12 12 0 0 1 16 0M7 12.500a7.500 7.500 0 0 1 10 0M10 16a3 3 0 0 1 4 0M12 19v.1",
  broker: "M4 8h14l-3.500-3.500M20 16H6l3.500 3.500",
  hub: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  carrier: "M4 5h16v11H9.500L5 19.500V16H4z",
  clock: "M12 3.500a8.500 8.500 0 1 0 .01 0zM12 7v5l3.500 2",
  away: "M4 20V9l8-6 8 6v11M10 20v-6h4v6",
  device: "M6 6h12v12H6z",
  ok: "m4 13 5 5L20 6",
  bad: "m6 6 12 12M18 6 6 18",
  run: "M5 12h.1M12 12h.1M19 12h.1",
};

// --- time

const now = () => clock.ms + (performance.now() - clock.at) * clock.pace;
const two = (number) => String(number).padStart(2, "0");

function setClock(time) {
  clock = { at: performance.now(), ms: time.now_ms, pace: time.pace };
}

function local(ms) {
  const at = new Date(ms + state.offset_min * 60000);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

function span(ms) {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const parts = { h: Math.floor(whole / 3600), m: Math.floor(whole / 60) % 60, s: whole % 60 };
  const form = parts.h ? words.hours : parts.m ? words.minutes : words.seconds;
  return form.replace(/\{(\w)\}/g, (_, name) => parts[name]);
}

function countdown(due) {
  const whole = Math.ceil((due - now()) / 1000);
  if (whole <= 0) return words.now_due;
  const hours = Math.floor(whole / 3600);
  const rest = `${hours ? two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

// "{due}" in a sentence of the server is where the countdown goes.
const counting = (text, due) => text.split("{due}").flatMap((part, place) => (place ? [["b", { class: "num" }, countdown(due)], part] : [part]));

// --- what is asked for

async function ask(path, body) {
  const failed = byId("failed");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body || {}),
    });
    const said = await answer.json();
    failed.hidden = answer.ok;
    failed.textContent = answer.ok ? "" : words.failed + said.error;
  } catch {
    failed.hidden = false;
    failed.textContent = words.lost;
  }
}

const acts = new Map();
// One function for each command, so that an unchanged button keeps its handler.
function act(path, body) {
  const name = path + JSON.stringify(body || null);
  if (!acts.has(name)) acts.set(name, () => ask(path, body));
  return acts.get(name);
}
const poke = (device, what) => act(`/poke/${encodeURIComponent(device)}`, { what });

// --- the parts of the page

function top() {
  patch(byId("scenarios"), [
    ["span", { class: "mute" }, words.scenarios],
    ...(state.scenarios || []).map((one) => [
      "button",
      { key: one.name, type: "button", class: "btn", "aria-pressed": String(one.on), title: one.about, onclick: act(`/scenario/${one.name}`) },
      one.label,
    ]),
  ]);
  const paces = state.paces.map((pace) => [
    "button",
    { key: `p${pace}`, type: "button", "aria-pressed": String(state.speed === pace), onclick: act("/speed", { pace }) },
    pace ? `${pace}×` : [icon("pause"), ["span", { class: "hidden" }, words.pause]],
  ]);
  patch(byId("speed"), [
    ...paces,
    ["button", { key: "next", type: "button", title: words.next_hint, "aria-pressed": String(state.skipping), onclick: act("/next") }, words.next],
  ]);
}
ICONS.pause = "M8 5v14M16 5v14";

function home() {
  if (!state.home) return;
  const it = state.home;
  byId("home-title").textContent = it.title;
  const plan = byId("plan");
  plan.setAttribute("viewBox", `0 0 ${it.plan.width} ${it.plan.height}`);
  plan.setAttribute("aria-label", words.plan.replace("{home}", it.title));
  patch(plan, [
    ...it.plan.rooms.map((room) => [
      "g",
      { key: `r-${room.id}`, class: `room${room.outdoors ? " yard" : ""}${room.hot ? " hot" : ""}` },
      ["rect", { x: room.x, y: room.y, width: room.w, height: room.h }],
      ["text", { x: room.x + 12, y: room.y + 24 }, room.name],
    ]),
    ["path", { key: "walls", class: "walls", d: it.plan.walls.join("") }],
    it.trail.length > 1 && ["path", { key: "trail", class: "trail", d: "M" + it.trail.map((at) => at.join(" ")).join("L") }],
    ...it.devices.map(device),
    it.resident && resident(it.resident),
  ], SVG);
  patch(byId("say"), [it.say]);
  patch(byId("pokes"), it.pokes.map((one) => [
    "button",
    { key: `${one.device} ${one.what}`, type: "button", class: "btn", onclick: poke(one.device, one.what) },
    one.label,
  ]));
}

function device(one) {
  const press = poke(one.id, one.what);
  const act = { role: "button", tabindex: "0", onclick: press, onkeydown: keys(press) };
  return [
    "g",
    { key: `d-${one.id}`, class: `dev ${one.look}`, transform: `translate(${one.x} ${one.y})`, "aria-label": one.title, ...(one.what ? act : {}) },
    ["title", null, one.title],
    ["rect", { class: "touch", x: -46, y: -22, width: 92, height: 56 }],
    ["rect", { x: -16, y: -17, width: 32, height: 32, rx: 8 }],
    ["svg", { x: -11, y: -12, width: 22, height: 22, viewBox: "0 0 24 24" }, ["path", { d: ICONS[one.kind] || ICONS.device }]],
    ["text", { y: 30 }, one.sub || one.name],
  ];
}

const handlers = new Map();
function keys(press) {
  if (!handlers.has(press)) {
    handlers.set(press, (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        press();
      }
    });
  }
  return handlers.get(press);
}

function resident(it) {
  const width = it.label_width;
  return [
    "g",
    { key: "me", class: `me ${it.look}`, transform: `translate(${it.x} ${it.y})` },
    ["circle", { r: 14 }],
    ["path", { d: it.look === "down" ? "M-6-3h.1M6-3h.1M-6 6q6-5 12 0" : it.look === "asleep" ? "M-8-2q3 3 5 0M3-2q3 3 5 0M-3 6h6" : "M-6-3h.1M6-3h.1M-6 4q6 5 12 0" }],
    ["rect", { class: "tag", x: 18, y: -11, width, height: 22, rx: 11 }],
    ["text", { x: 18 + width / 2, y: 5 }, it.label],
  ];
}

let walked = "";
// Somebody who changes the room walks there through the doors.
function walk() {
  if (!state.home) return;
  const way = state.home.trail;
  const name = JSON.stringify(way);
  if (name === walked) return;
  const first = walked === "";
  walked = name;
  const me = [...byId("plan").childNodes].find((node) => node.stageKey === "me");
  if (!me || first || calm.matches || way.length < 2) return;
  const [x, y] = way[way.length - 1];
  const frames = way.map((at) => ({ translate: `${at[0] - x}px ${at[1] - y}px` }));
  me.animate(frames, { duration: 450 * (way.length - 1), easing: "ease-in-out" });
}

function world() {
  if (!state.world) return;
  patch(byId("world"), state.world.map((one) => [
    "li",
    { key: one.name },
    ["span", { id: `w-${one.name}` }, icon(one.icon), one.label],
    one.options
      ? ["select", { "aria-labelledby": `w-${one.name}`, value: one.value, onchange: chosen(one.name) },
          ...one.options.map((option) => ["option", { key: option.value, value: option.value, selected: option.value === one.value }, option.label])]
      : ["input", { type: "checkbox", class: "switch", role: "switch", "aria-labelledby": `w-${one.name}`, checked: one.on, onchange: switched(one.name) }],
  ]));
}

const choices = new Map();
function chosen(name) {
  if (!choices.has(name)) choices.set(name, (event) => ask(`/world/${name}`, { value: event.target.value }));
  return choices.get(name);
}
function switched(name) {
  const key = `switch ${name}`;
  if (!choices.has(key)) choices.set(key, (event) => ask(`/world/${name}`, { value: event.target.checked }));
  return choices.get(key);
}

function phones() {
  const used = state.phones.filter((one) => one.items.length || !one.since);
  const rest = state.phones.filter((one) => !used.includes(one));
  // Those who were left in peace stand beside the last phone if there is room.
  const place = used.length % 2 ? "quiet" : "quiet whole";
  patch(byId("phones"), [used.map(phone), rest.length ? ["div", { key: "quiet", class: place }, rest.map(quiet)] : null]);
  for (const chat of document.querySelectorAll(".chat")) {
    if (chat.stageCount !== chat.childElementCount) {
      chat.stageCount = chat.childElementCount;
      chat.scrollTop = chat.scrollHeight;
    }
  }
}

const heading = (one) => ["h3", { id: `phone-${one.number}` }, one.name, ["small", null, one.role]];

function quiet(one) {
  return [
    "article",
    { key: `q-${one.number}`, class: "phone wide", "aria-labelledby": `phone-${one.number}`, "data-phone": one.number },
    heading(one),
    ["p", null, counting(one.since, one.due_ms)],
  ];
}

function phone(one) {
  return [
    "article",
    { key: one.number, class: "phone", "aria-labelledby": `phone-${one.number}`, "data-phone": one.number },
    heading(one),
    ["div", { class: "chat", tabindex: "0", role: "log", "aria-labelledby": `phone-${one.number}` },
      one.items.length ? one.items.map(text) : ["p", { class: "mute" }, words.no_texts]],
    one.since && ["p", { class: "soon" }, counting(one.since, one.due_ms)],
    ["div", { class: "replies" }, ["1", "2", "3", "4"].map((digit) => [
      "button",
      { key: digit, type: "button", class: "btn", title: words[`reply_${digit}`], "aria-label": words[`reply_${digit}`], onclick: act(`/phones/${encodeURIComponent(one.number)}/reply`, { text: digit }) },
      words.reply.replace("{text}", digit),
    ])],
    ["form", { class: "free", onsubmit: written(one.number) },
      ["input", { name: "text", type: "text", maxlength: "300", autocomplete: "off", placeholder: words.free, "aria-label": words.free }],
      ["button", { type: "submit", class: "btn", title: words.send, "aria-label": words.send }, icon("carrier")]],
  ];
}

const forms = new Map();
function written(number) {
  if (!forms.has(number)) {
    forms.set(number, (event) => {
      event.preventDefault();
      const field = event.target.elements.text;
      if (!field.value.trim()) return;
      ask(`/phones/${encodeURIComponent(number)}/reply`, { text: field.value });
      field.value = "";
    });
  }
  return forms.get(number);
}

function text(item) {
  const mark = { ok: "ok", bad: "bad", run: "run" }[item.look];
  return [
    "div",
    { key: item.id, class: item.mine ? "item mine" : "item" },
    ["time", null, item.at],
    ["p", { class: "bubble" }, linked(item.text)],
    item.fate && ["p", { class: `fate ${item.look}` }, mark && icon(mark), item.fate],
  ];
}

// Only addresses of this machine become links: nothing on this page leads elsewhere.
function linked(body) {
  return body.split(/(https?:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?\/[^\s，。]*)/).map((part, place) =>
    place % 2 ? ["a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part] : part);
}

function alerts() {
  const list = state.alerts;
  patch(byId("alert-list"), list.length ? list.map(alert) : [
    ["div", { class: "panel calm" }, ["p", { class: "big" }, words.no_alerts], ["p", { class: "mute" }, words.no_alerts_hint]],
  ]);
  const fresh = list.find((one) => !known.has(one.id));
  if (fresh && known.size) byId("news").textContent = fresh.title;
  known = new Set([...list.map((one) => one.id), "-"]);
  const waiting = list.filter((one) => one.red).length;
  document.title = waiting ? `● ${words.title}` : words.title;
}

function alert(one) {
  return [
    "article",
    { key: one.id, class: `panel alert ${one.severity} ${one.stage}`, "aria-labelledby": `alert-${one.id}`, "data-code": one.code },
    ["h3", { id: `alert-${one.id}` },
      ["span", null, ["span", { class: "badge" }, one.badge], one.title],
      ["small", null, (one.stage === "open" ? words.waited : words.taken_for).replace("{span}", span(now() - one.since_ms))]],
    ["p", { class: "where" }, one.where],
    one.holder && ["p", { class: "holder" }, icon("ok"), counting(one.holder, one.due_ms)],
    one.next && ["p", { class: "next" }, counting(one.next, one.due_ms)],
    ["ol", { class: "ladder" }, one.ladder.map((step) => [
      "li",
      { key: step.id, class: step.state, "aria-current": step.state === "now" ? "step" : null },
      ["div", { class: "dot" }, step.mark],
      ["h4", null, step.title, ["span", null, step.at]],
      ["ul", null, step.lines.map((line) => ["li", { class: line.look || null }, line.text])],
    ])],
  ];
}

function decisions() {
  const due = state.due;
  patch(byId("due"), due ? [
    ["div", { class: due.red ? "due red" : "due" }, ["span", { class: "big num" }, countdown(due.due_ms)], ["span", null, ["b", null, due.at], ["br", null], due.text]],
  ] : []);
  patch(byId("stream"), state.stream.length ? state.stream.map((line) => [
    "li",
    { key: line.id },
    ["time", null, line.at],
    ["div", null, ["span", { class: `kind k-${line.kind}` }, line.label], line.text, line.why && ["span", { class: "why" }, line.why]],
  ]) : [["li", { class: "mute" }, words.stream_empty]]);
}

// --- life

function moving() {
  if (!state) return;
  byId("wall").textContent = local(now());
  phones();
  alerts();
  decisions();
}

function show(fresh) {
  state = fresh;
  setClock(state);
  top();
  home();
  walk();
  world();
  moving();
}

function listen() {
  const source = new EventSource(`/live?lang=${words.lang}`);
  const lost = byId("lost");
  source.addEventListener("state", (event) => {
    lost.hidden = true;
    show(JSON.parse(event.data));
  });
  source.addEventListener("time", (event) => {
    lost.hidden = true;
    setClock(JSON.parse(event.data));
  });
  source.onerror = () => {
    lost.hidden = false;
    clock = { at: performance.now(), ms: now(), pace: 0 };
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

setInterval(moving, 250);
listen();
