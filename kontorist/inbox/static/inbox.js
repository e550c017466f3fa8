// Keys, the countdown of the undo window, live counts. Everything works without this file, only slower.
"use strict";
const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);

// keys ---------------------------------------------------------------------
function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog[open]");
}
function press(element) {
  if (element.tagName === "DETAILS") {
    element.open = !element.open;
    const first = element.open && element.querySelector("button, select, input:not([type=hidden])");
    if (first) first.focus();
  } else if (element.tagName === "INPUT") {
    element.focus();
  } else {
    element.click();
  }
}
function step(by) {
  const rows = all("[data-row]");
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))] || rows[0];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    all("details[open].drop, details[open].menu").forEach((d) => { d.open = false; d.querySelector("summary").focus(); });
    if (typing(event.target)) event.target.blur();
    return;
  }
  if (typing(event.target)) return;
  if ((event.key === "j" || event.key === "k") && step(event.key === "j" ? 1 : -1)) {
    event.preventDefault();
  } else if (event.key === "Enter" && event.target === document.body && one("[data-row]")) {
    event.preventDefault();
    press(one("[data-row]")); // nothing is chosen yet: the first one
  } else {
    const element = event.key.length === 1 && one(`[data-key="${CSS.escape(event.key)}"]`);
    if (element) { event.preventDefault(); press(element); } else if (event.key === "u") tooLate();
  }
});
let told;
function tooLate() {
  const late = one("#late");
  if (!late) return;
  all(".toast:not(#late)").forEach((other) => other.remove());
  late.hidden = false;
  clearTimeout(told);
  told = setTimeout(() => { late.hidden = true; }, 7000);
}
document.addEventListener("click", (event) => {
  all("details[open].drop, details[open].menu").forEach((d) => { if (!d.contains(event.target)) d.open = false; });
});

const help = one("#help");
all("[data-key='?']").forEach((button) => {
  button.hidden = false; // without this file it could do nothing
  button.addEventListener("click", () => help.open || help.showModal());
});

// ticking several ----------------------------------------------------------
all("[data-all]").forEach((box) => box.addEventListener("change", () => {
  box.closest("form").querySelectorAll("input[name=card]").forEach((c) => { c.checked = box.checked; });
}));
document.addEventListener("keydown", (event) => {
  if (event.key === "x" && event.target.matches("input[name=card]")) event.target.click();
});

// of tabs that do not fit, the chosen one is to be seen -----------------------
all(".tabs [aria-current]").forEach((tab) => {
  const row = tab.parentElement, [inner, outer] = [tab.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
});

// one press is one decision ------------------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => all("form[data-sent]").forEach((f) => delete f.dataset.sent));

// what was typed and not sent: the browser asks before it is lost ------------
const bare = (text) => text.replace(/[\r\n]/g, ""); // a field of one line drops them by itself
const typed = (field) => field.matches("textarea, input:not([type=hidden], [type=checkbox], [type=radio])") && bare(field.value) !== bare(field.defaultValue);
window.addEventListener("beforeunload", (event) => {
  const forms = all(".desk form[method=post]");
  if (forms.some((f) => f.dataset.sent)) return;
  if (forms.some((f) => "unsent" in f.dataset || [...f.elements].some(typed))) event.preventDefault();
});

// the toast ----------------------------------------------------------------
const toast = one(".toast:not(#late)");
if (toast) {
  history.replaceState(null, "", location.pathname + location.search.replace(/[?&](did|of)=[^&]*/g, "").replace(/^&/, "?"));
  const number = toast.querySelector("[data-countdown]");
  let left = Number(toast.dataset.seconds);
  const timer = setInterval(() => {
    left -= 1;
    if (number && left >= 0) number.textContent = String(left);
    if (left < 0 && left < (number ? 0 : -6)) { clearInterval(timer); toast.remove(); }
  }, 1000);
}

all("[data-left]").forEach((e) => {
  let seconds = Number(e.dataset.left);
  setInterval(() => { seconds = Math.max(0, seconds - 1); e.textContent = String(seconds); }, 1000);
});

// live counts --------------------------------------------------------------
async function count() {
  if (document.hidden) return;
  const answer = await fetch(`/counts${location.search}`, { headers: { accept: "application/json" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const counts = await answer.json();
  const changed = all("[data-count]").filter((e) => e.dataset.count in counts && e.textContent !== String(counts[e.dataset.count]));
  changed.forEach((e) => { e.textContent = counts[e.dataset.count]; });
  if (changed.length) await rows();
}
async function rows() {
  const live = one("[data-live]");
  const answer = live && await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (!now) return;
  const before = all("[data-row]");
  const chosen = live.contains(document.activeElement) ? before.indexOf(document.activeElement) : -1;
  const links = before.map((row) => row.getAttribute("href"));
  live.replaceChildren(...now.childNodes);
  if (chosen < 0) return;
  // the chosen row stays chosen; where it is gone, the one that came after it
  const after = [...links.slice(chosen), ...links.slice(0, chosen).reverse()];
  const row = after.map((href) => all("[data-row]").find((r) => r.getAttribute("href") === href)).find(Boolean);
  if (row) row.focus({ preventScroll: true });
}
if (one("[data-count]")) setInterval(count, 15000);

// who else looks at this card, and whether it is still the one shown --------
const open = one("[data-here]");
async function here() {
  if (document.hidden) return;
  const shown = open.dataset.shown.trim().split(" ").filter(Boolean).map((s) => ["shown", s]);
  const body = new URLSearchParams([["csrf", open.dataset.csrf], ...shown]);
  const answer = await fetch(open.dataset.here, { method: "POST", body }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const { others, changed } = await answer.json();
  const note = open.querySelector(".looking");
  note.querySelector("b").textContent = others.join(", ");
  note.hidden = others.length === 0;
  open.querySelector(".changed").hidden = !changed;
}
if (open) {
  here();
  setInterval(here, 10000);
}

// values and their evidence, both ways ---------------------------------------
const ids = (element) => (element.dataset.fact || "").split(" ");
function light(source) {
  const wanted = new Set(ids(source));
  const hit = all("[data-fact]").filter((e) => ids(e).some((i) => wanted.has(i)));
  all("[data-fact].on").forEach((e) => e.classList.remove("on"));
  hit.forEach((e) => e.classList.add("on"));
  const here = source.closest(".original");
  const beyond = hit.filter((e) => e !== source && Boolean(e.closest(".original")) !== Boolean(here));
  const there = beyond.find((e) => !e.closest(".rests")) || beyond[0];
  if (!there) return;
  for (let outer = there.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  there.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}
document.addEventListener("click", (event) => {
  const fact = event.target.closest && event.target.closest("[data-fact]");
  if (fact) light(fact);
});
document.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches && event.target.matches("[data-fact]")) {
    event.preventDefault();
    light(event.target);
  }
});
document.addEventListener("mouseover", (event) => {
  const fact = event.target.closest && event.target.closest("[data-fact]");
  all("[data-fact].near").forEach((e) => e.classList.remove("near"));
  if (!fact) return;
  const wanted = new Set(ids(fact));
  all("[data-fact]").filter((e) => ids(e).some((i) => wanted.has(i))).forEach((e) => e.classList.add("near"));
});

// editing --------------------------------------------------------------------
const first = one("[data-focus]") || one(".edit input:not([type=hidden]), .edit textarea");
if (first) { first.focus(); if (first.setSelectionRange) first.setSelectionRange(0, 0); }
document.addEventListener("keydown", (event) => {
  const form = event.target.closest && event.target.closest("form.edit");
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  // later, since a browser opens what is sent while Ctrl is down in another tab
  setTimeout(() => form.requestSubmit(form.querySelector("button[name=approve]")), 0);
});
