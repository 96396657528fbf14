
"use strict";
const root = document.documentElement;
const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));

const theme = document.getElementById("theme");
const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; nameTheme(); });
nameTheme();

const filters = document.getElementById("filters");
const notes = all(".note");
function filter() {
  const kinds = new Set(all("input[name=kind]:checked", filters).map((box) => box.value));
  const subject = filters.elements.subject.value;
  const text = filters.elements.text.value.toLowerCase();
  let shown = 0;
  for (const note of notes) {
    const wanted = kinds.has(note.dataset.kind) && (!subject || note.dataset.subject === subject)
      && (!text || note.textContent.toLowerCase().includes(text));
    note.hidden = !wanted;
    shown += wanted ? 1 : 0;
  }
  document.getElementById("shown").textContent = shown === notes.length ? `${shown}` : `${shown} of ${notes.length}`;
  for (const node of all("svg .node")) node.classList.toggle("chosen", subject !== "" && node.dataset.service === subject);
}
filters.addEventListener("input", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
for (const card of all(".card[data-kind]")) {
  card.addEventListener("click", () => {
    for (const box of all("input[name=kind]", filters)) box.checked = box.value === card.dataset.kind;
    filter();
  });
}
for (const node of all("svg .node")) {
  node.addEventListener("click", () => {
    const select = filters.elements.subject;
    const found = Array.from(select.options).some((option) => option.value === node.dataset.service);
    select.value = found && select.value !== node.dataset.service ? node.dataset.service : "";
    filter();
    document.getElementById("notes").scrollIntoView();
  });
}
filter();

function showFile(line) {
  const file = line.closest(".file");
  const side = file.closest(".side");
  for (const other of all(".file", side)) other.hidden = other !== file;
  side.querySelector("select").value = file.dataset.file;
}
for (const side of all(".side")) {
  side.querySelector("select").addEventListener("change", (event) => {
    for (const file of all(".file", side)) file.hidden = file.dataset.file !== event.target.value;
  });
}
function centre(line) {
  const file = line.closest(".file");
  file.scrollTop = line.offsetTop - file.clientHeight / 3;
}
function choose(line) {
  for (const old of all("tr.chosen")) old.classList.remove("chosen");
  line.classList.add("chosen");
  const partners = line.dataset.partners.split(" ").filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
  for (const partner of partners) partner.classList.add("chosen");
  if (partners.length) { showFile(partners[0]); centre(partners[0]); }
}
for (const line of all(".file tr")) line.addEventListener("click", () => choose(line));
for (const place of all(".file tr.linked, svg .node")) {
  place.setAttribute("tabindex", "0");
  place.addEventListener("keydown", (event) => {
    if (event.key === "Enter") place.dispatchEvent(new Event("click"));
  });
}
for (const link of all("a.place")) {
  link.addEventListener("click", (event) => {
    const line = document.getElementById(link.getAttribute("href").slice(1));
    if (!line) return;
    event.preventDefault();
    showFile(line);
    document.getElementById("lines").scrollIntoView();
    choose(line);
    centre(line);
  });
}
