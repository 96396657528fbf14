
"use strict";
const root = document.documentElement;
const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const PAGE = 200;

const theme = document.getElementById("theme");
const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; nameTheme(); });
nameTheme();

const data = JSON.parse(document.getElementById("data").textContent);
const repositories = data.repositories.map(([name, status, stacks, kinds, codes, notes], index) => ({
  index, name, status: data.statuses[status], rank: status, stacks, kinds, codes: new Set(codes), notes,
  formats: [...new Set(stacks.map((stack) => stack[2]))],
  urgency: data.statuses[status] === "failed" ? 0 : 1,
  services: stacks.reduce((sum, stack) => sum + stack[3], 0),
}));
const WORDS = { present: "had a compose file", empty: "had no source" };

const filters = document.getElementById("filters");
const body = document.querySelector("#list tbody");
const more = document.getElementById("more");
let wanted = [], shown = 0, order = { key: "urgency", down: false };

for (const name of [...new Set(repositories.flatMap((item) => item.formats))].sort()) {
  filters.elements.format.append(new Option(name, name));
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function value(item, key) {
  if (key === "status") return item.rank;
  const kind = data.kinds.indexOf(key);
  return kind >= 0 ? item.kinds[kind] : item[key];
}

function filter() {
  const text = filters.elements.text.value.toLowerCase();
  const { status, format, code } = filters.elements;
  wanted = repositories.filter((item) => (!text || item.name.toLowerCase().includes(text))
    && (!status.value || item.status === status.value) && (!format.value || item.formats.includes(format.value))
    && (!code.value || item.codes.has(code.value)));
  const sign = order.down ? -1 : 1;
  wanted.sort((one, two) => {
    const left = value(one, order.key), right = value(two, order.key);
    return (left < right ? -sign : left > right ? sign : 0) || one.index - two.index;
  });
  for (const row of all("tr[data-code]")) row.classList.toggle("chosen", row.dataset.code === code.value);
  document.getElementById("shown").textContent = wanted.length === repositories.length
    ? `${wanted.length.toLocaleString("en")}` : `${wanted.length.toLocaleString("en")} of ${repositories.length.toLocaleString("en")}`;
  body.replaceChildren();
  shown = 0;
  page();
}

function page() {
  for (const item of wanted.slice(shown, shown + PAGE)) body.append(row(item));
  shown = Math.min(shown + PAGE, wanted.length);
  more.hidden = shown >= wanted.length;
}

function row(item) {
  const line = element("tr", "repository");
  line.tabIndex = 0;
  line.append(element("td", "name", item.name));
  const status = element("td");
  status.append(element("span", `badge ${item.status}`, WORDS[item.status] || item.status));
  line.append(status, element("td", "formats", item.formats.join(", ")), element("td", "count services", item.services || ""));
  item.kinds.forEach((count, index) => line.append(element("td", `count ${count ? data.kinds[index] : "none"}`, count)));
  const toggle = () => {
    if (line.classList.toggle("open")) line.after(detail(item));
    else line.nextSibling.remove();
  };
  line.addEventListener("click", toggle);
  line.addEventListener("keydown", (event) => { if (event.key === "Enter") toggle(); });
  return line;
}

function detail(item) {
  const line = element("tr", "detail"), cell = element("td");
  cell.colSpan = 4 + data.kinds.length;
  if (item.stacks.length) {
    cell.append(element("h3", "", "Stacks"));
    const list = element("ul");
    for (const [folder, name, format, services] of item.stacks) {
      list.append(element("li", "", `${name} from ${folder || "the repository itself"} (${format}), ${services} service${services === 1 ? "" : "s"}`));
    }
    cell.append(list);
  }
  cell.append(element("h3", "", "Notes"));
  const list = element("ol", "notes");
  for (const note of item.notes) list.append(shownNote(note));
  cell.append(list);
  const hidden = item.kinds.reduce((sum, count) => sum + count, 0) - item.notes.length;
  if (hidden) cell.append(element("p", "hint", `${hidden} more in summary.jsonl`));
  line.append(cell);
  return line;
}

function shownNote([code, kind, place, message, advice]) {
  const [codeText, placeText, messageText, adviceText] = [code, place, message, advice].map((index) => data.texts[index]);
  const item = element("li", `note ${data.kinds[kind]}`), text = element("p");
  text.append(element("span", "kind", data.kinds[kind]), ` ${messageText} `, element("code", "", codeText), placeText ? ` ${placeText}` : "");
  item.append(text);
  if (adviceText) item.append(element("p", "advice", adviceText));
  return item;
}

function choose(name, value) {
  const field = filters.elements[name];
  field.value = field.value === value ? "" : value;
  filter();
  document.getElementById("repositories").scrollIntoView();
}

filters.addEventListener("input", filter);
filters.addEventListener("reset", () => setTimeout(filter));
filters.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", page);
for (const card of all(".card[data-status]")) card.addEventListener("click", () => choose("status", card.dataset.status));
for (const line of all("tr[data-code]")) {
  line.addEventListener("click", () => choose("code", line.dataset.code));
  line.addEventListener("keydown", (event) => { if (event.key === "Enter") choose("code", line.dataset.code); });
}
for (const head of all("th[data-sort]")) {
  const sort = () => {
    const key = head.dataset.sort;
    order = { key, down: order.key === key ? !order.down : key !== "name" };
    for (const other of all("th[data-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    filter();
  };
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}
filter();
