"use strict";
// Everything that comes from a source or an answer is put into the page as text, never as markup.
import { zipped } from "./zip.js";
import { openTransport } from "./transport.js";

const $ = (id) => document.getElementById(id);
const form = $("source");
const KINDS = ["lost", "changed", "assumed", "added", "info"];
const QUIET_KINDS = new Set(["added", "info"]);
const HEADINGS = { added: "added: good practice that the source did not state", info: "for your information" };
const LEVELS = { error: "lost", warning: "changed", info: "info" };
const MOST_LINES = 4000;

function element(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function tell(text, isError = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", isError);
}

const transport = openTransport(document.documentElement.dataset.transport, tell);
let about = { formats: [], limits: {}, skipped_folders: [] };
let dropped = null;

// What is converted.

function sourceOf() {
  if (dropped) return dropped.folder ? { files: dropped.files, folder: dropped.folder } : { files: dropped.files };
  return { text: $("paste").value };
}

/** What is sent: a compose file that is pasted gets a name, under which it can be downloaded. */
function requestOf(operation, source) {
  if (operation !== "check" || source.text === undefined) return source;
  return { files: { "docker-compose.yml": source.text } };
}

const words = (name) => form.elements[name].value.split(",").map((word) => word.trim()).filter(Boolean);

function optionsOf(operation) {
  if (operation !== "convert") return {};
  const options = {};
  for (const name of ["from", "name", "practices"]) {
    const value = form.elements[name].value.trim();
    if (value) options[name] = value;
  }
  for (const name of ["namespace", "option"]) if (words(name).length) options[name] = words(name);
  for (const name of ["one-file", "modern-names", "harden", "keep-ports"]) {
    if (form.elements[name].checked) options[name] = true;
  }
  options.env = Array.from(form.elements.env).filter((box) => box.checked).map((box) => box.value);
  return options;
}

let turn = 0;

async function convert() {
  const operation = form.elements.operation.value;
  const pasted = sourceOf();
  if (pasted.text !== undefined && !pasted.text.trim()) {
    tell("Paste or drop something first.", true);
    $("paste").focus();
    return;
  }
  const source = requestOf(operation, pasted);
  const request = { ...source, options: optionsOf(operation) };
  if (isTooLarge(new Blob([JSON.stringify(request)]).size)) return;
  const mine = ++turn;
  tell(operation === "check" ? "Checking…" : "Converting…");
  $("result").setAttribute("aria-busy", "true");
  try {
    const answer = await transport(operation, request);
    if (mine === turn) show(operation, source, answer);
  } catch (problem) {
    if (mine === turn) refuse(problem.message);
  } finally {
    if (mine === turn) $("result").removeAttribute("aria-busy");
  }
}

function refuse(text) {
  $("result").hidden = true;
  tell(text, true);
}

form.addEventListener("submit", (event) => { event.preventDefault(); convert(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); convert(); }
});
form.elements.operation.addEventListener("change", () => {
  const checks = form.elements.operation.value === "check";
  for (const field of form.querySelectorAll(".convert")) field.hidden = checks;
  $("convert").textContent = checks ? "Check" : "Convert";
});

// Files that are dropped or chosen.

async function entryFiles(entry, path, found) {
  if (entry.isFile) {
    found.push([path, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
    return;
  }
  if (about.skipped_folders.includes(entry.name)) return;
  const reader = entry.createReader();
  for (;;) {
    const children = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!children.length) return;
    for (const child of children) await entryFiles(child, `${path}/${child.name}`, found);
  }
}

function withoutFolder(named) {
  const [first] = named;
  const folder = first[0].includes("/") ? first[0].split("/")[0] : "";
  const shared = folder && named.every(([path]) => path.startsWith(`${folder}/`));
  return shared ? [folder, named.map(([path, file]) => [path.slice(folder.length + 1), file])] : ["", named];
}

async function contentOf(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { base64: btoa(text) };
  }
}

function isTooLarge(size) {
  const most = about.limits.request_bytes;
  if (!most || size <= most) return false;
  refuse(`This has ${Math.ceil(size / 1e6)} MB, and ${Math.floor(most / 1e6)} MB can be converted at once.`);
  return true;
}

async function take(named) {
  const kept = named.filter(([path]) => !path.split("/").slice(0, -1).some((name) => about.skipped_folders.includes(name)));
  if (!kept.length) return tell("There is no file to read in there.", true);
  if (isTooLarge(kept.reduce((sum, [, file]) => sum + file.size, 0))) return undefined;
  const [folder, inside] = withoutFolder(kept);
  const files = Object.create(null);
  for (const [path, file] of inside) files[path] = await contentOf(file);
  dropped = { folder, files };
  showDropped(inside.map(([path]) => path));
  return convert();
}

function showDropped(names) {
  const shown = names.slice(0, 12).map((name) => element("li", "", name));
  if (names.length > shown.length) shown.push(element("li", "hint", `and ${names.length - shown.length} more`));
  $("dropped-names").replaceChildren(...shown);
  $("dropped-count").textContent = names.length === 1 ? "1 file" : `${names.length} files`;
  $("dropped").hidden = false;
  $("paste").hidden = true;
}

function removeDropped() {
  dropped = null;
  $("dropped").hidden = true;
  $("paste").hidden = false;
  $("paste").focus();
  tell("");
}

$("clear").addEventListener("click", removeDropped);
// What is pasted while files are there takes their place: the box for it is hidden then.
document.addEventListener("paste", (event) => {
  const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
  if (!dropped || !text.trim() || event.target.matches("input, textarea")) return;
  event.preventDefault();
  removeDropped();
  $("paste").value = text;
  convert();
});

const drop = $("drop");
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const entries = Array.from(event.dataTransfer.items, (one) => one.webkitGetAsEntry && one.webkitGetAsEntry()).filter(Boolean);
  const plain = Array.from(event.dataTransfer.files, (file) => [file.name, file]);
  const found = [];
  try {
    for (const entry of entries) await entryFiles(entry, entry.name, found);
    if (found.length || plain.length) await take(found.length ? found : plain);
  } catch (problem) {
    tell(`The files cannot be read: ${problem.message}`, true);
  }
});
for (const id of ["pick", "pick-folder"]) {
  $(id).addEventListener("change", async (event) => {
    const named = Array.from(event.target.files, (file) => [file.webkitRelativePath || file.name, file]);
    if (named.length) await take(named);
    event.target.value = "";
  });
}

// What comes of it.

let files = [], notes = [], chosen = 0;

function show(operation, source, answer) {
  const result = operation === "check" ? checkedFiles(source, answer) : convertedFiles(answer);
  if (result.problem) return refuse(result.problem);
  ({ files, notes } = result);
  $("result-title").textContent = result.title;
  $("download").hidden = !files.some((file) => file.isMade);
  showCounts(result.counts);
  showTabs();
  showNotes();
  showSteps(answer.next || []);
  $("result").hidden = false;
  tell(result.told);
  choose(0);
  $("result-title").focus();
  return undefined;
}

function convertedFiles(answer) {
  if (!answer.converted) return { problem: answer.problem };
  const services = answer.services.length;
  return {
    files: answer.files.map((file) => ({ ...file, label: file.path, isMade: true })),
    notes: answer.notes,
    counts: KINDS.map((kind) => [kind, answer.notes_by_kind[kind]]),
    title: `${answer.name}: ${services} ${services === 1 ? "service" : "services"} from ${titleOf(answer.importer)}`,
    told: `${answer.files.length} files and ${answer.notes.length} notes.`,
  };
}

function titleOf(importer) {
  const format = about.formats.find(({ name }) => name === importer);
  return format ? format.title.split(/[:,(]/)[0].trim() : importer;
}

function checkedFiles(source, answer) {
  if (!answer.checked) return { problem: answer.problem };
  const textOf = (path) => source.files[path];
  const checked = answer.score.files.filter((path) => typeof textOf(path) === "string");
  const found = answer.notes.map((note) => ({
    ...note, kind: LEVELS[note.level], word: note.level, lines: note.span ? [note.span] : [],
  }));
  return {
    files: [
      ...checked.map((path) => ({ path, label: path, text: textOf(path) })),
      ...answer.repaired.map((file) => ({ ...file, label: `${file.path}, put right`, isMade: true, isRepaired: true })),
    ],
    notes: found,
    counts: Object.entries(answer.score.levels).map(([level, count]) => [LEVELS[level], count, level]),
    title: `${answer.score.score.passed} of ${answer.score.score.applicable} lines of the checklist are met`,
    told: `${found.length} findings.`,
  };
}

function showCounts(counts) {
  const shown = counts.map(([kind, count, word]) => {
    const row = element("li", kind);
    row.append(element("b", "", String(count)), ` ${word || kind}`);
    return row;
  });
  $("counts").replaceChildren(...shown);
}

function showTabs() {
  const tabs = files.map((file, index) => {
    const tab = element("button", "tab", file.label);
    tab.type = "button";
    tab.id = `tab-${index}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "panel");
    tab.addEventListener("click", () => choose(index));
    return tab;
  });
  $("tabs").replaceChildren(...tabs);
}

$("tabs").addEventListener("keydown", (event) => {
  const last = files.length - 1;
  const steps = { ArrowRight: chosen === last ? 0 : chosen + 1, ArrowLeft: chosen ? chosen - 1 : last, Home: 0, End: last };
  if (!(event.key in steps)) return;
  event.preventDefault();
  choose(steps[event.key]);
  $("tabs").children[chosen].focus();
});

function choose(index, isOpen = false) {
  chosen = index;
  Array.from($("tabs").children).forEach((tab, at) => {
    tab.setAttribute("aria-selected", String(at === index));
    tab.tabIndex = at === index ? 0 : -1;
  });
  const file = files[index];
  $("panel").setAttribute("aria-labelledby", `tab-${index}`);
  $("reveal").hidden = !file.secret || isOpen;
  $("copy").hidden = file.text === undefined;
  $("file-hint").textContent = hintOf(file);
  showLines(file, isOpen);
}

function hintOf(file) {
  if (file.text === undefined) return "This file is no text.";
  return file.secret ? `Holds secrets; mode ${file.mode}.` : "";
}

function showLines(file, isOpen) {
  const texts = file.text === undefined ? [] : file.text.replace(/\n$/, "").split("\n");
  const beside = file.isRepaired ? new Map() : notesBeside(file.path);
  const lines = texts.slice(0, MOST_LINES).map((text, index) => {
    const shown = file.secret && !isOpen ? masked(text) : text;
    return lineOf(index + 1, shown, beside.get(index + 1) || []);
  });
  if (texts.length > MOST_LINES) lines.push(element("p", "hint", `and ${texts.length - MOST_LINES} more lines`));
  $("lines").classList.toggle("with-notes", beside.size > 0);
  $("lines").replaceChildren(...lines);
}

function masked(text) {
  if (!text || text.startsWith("#")) return text;
  const sign = text.indexOf("=");
  return sign > 0 ? `${text.slice(0, sign + 1)}••••` : "••••";
}

function notesBeside(path) {
  const beside = new Map();
  for (const note of notes) {
    for (const { file, line } of note.lines) {
      if (file !== path) continue;
      if (!beside.has(line)) beside.set(line, []);
      beside.get(line).push(note);
    }
  }
  return beside;
}

function lineOf(number, text, lineNotes) {
  const line = element("div", "line");
  line.id = `line-${number}`;
  const gutter = element("span", "number", String(number));
  gutter.setAttribute("aria-hidden", "true");
  const code = element("code", "", text || " ");
  // A line that is too long goes on below its own beginning, not below that of the page.
  const indent = Math.min(text.search(/\S|$/) + 2, 24);
  code.style.textIndent = `-${indent}ch`;
  code.style.paddingLeft = `calc(12px + ${indent}ch)`;
  line.append(gutter, code);
  if (lineNotes.length) {
    const gravest = KINDS.find((kind) => lineNotes.some((note) => note.kind === kind));
    line.classList.add("noted", gravest);
    line.append(besideOf(lineNotes));
  }
  return line;
}

function besideOf(lineNotes) {
  const column = element("div", "beside");
  const quiet = lineNotes.filter((note) => QUIET_KINDS.has(note.kind));
  for (const note of lineNotes) {
    if (!QUIET_KINDS.has(note.kind) || quiet.length <= 2) column.append(noteDetails(note));
  }
  if (quiet.length > 2) {
    const folded = element("details", `note ${quiet[0].kind}`);
    folded.append(element("summary", "", `${quiet.length} more notes`), ...quiet.map(noteDetails));
    column.append(folded);
  }
  return column;
}

function noteDetails(note) {
  const details = element("details", `note ${note.kind}`);
  const summary = element("summary");
  summary.append(element("b", "", note.word || note.kind), ` ${note.message}`);
  details.append(summary, ...noteText(note));
  return details;
}

function noteText(note) {
  const parts = [];
  if (note.why) parts.push(element("p", "", note.why));
  if (note.advice) parts.push(element("p", "advice", note.advice));
  parts.push(element("p", "code", note.code));
  return parts;
}

function showNotes() {
  const loud = notes.filter((note) => !QUIET_KINDS.has(note.kind) || note.word);
  const folded = KINDS.map((kind) => notes.filter((note) => note.kind === kind && !loud.includes(note)));
  $("notes").replaceChildren(...loud.map(noteRow));
  $("quiet-notes").replaceChildren(...folded.filter((group) => group.length).map((group) => {
    const details = element("details", `note ${group[0].kind}`);
    const list = element("ol", "notes");
    list.append(...group.map(noteRow));
    details.append(element("summary", "", `${group.length} ${HEADINGS[group[0].kind]}`), list);
    return details;
  }));
  $("notes-title").hidden = !notes.length;
}

function noteRow(note) {
  const row = element("li", `note ${note.kind}`);
  const head = element("p");
  head.append(element("b", "", note.word || note.kind), " ");
  if (note.about && !note.message.includes(note.about)) head.append(element("strong", "", note.about), " ");
  head.append(note.message);
  row.append(head);
  if (note.advice) row.append(element("p", "advice", note.advice));
  const places = element("p", "places");
  places.append(element("span", "code", note.code), ...sourceLink(note), ...note.lines.map(lineLink));
  row.append(places);
  return row;
}

function sourceLink(note) {
  if (!note.span || note.word) return [];
  const place = `${note.span.file}:${note.span.line}`;
  if (dropped) return [element("span", "", place)];
  const link = element("button", "link", place);
  link.type = "button";
  link.addEventListener("click", () => selectSource(note.span));
  return [link];
}

function selectSource(span) {
  const starts = [0];
  const text = $("paste").value;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const start = (starts[span.line - 1] || 0) + span.column - 1;
  const end = (starts[span.end_line - 1] || 0) + span.end_column - 1;
  $("paste").focus();
  $("paste").setSelectionRange(start, Math.max(start, end));
}

function lineLink({ file, line }) {
  const index = files.findIndex((one) => one.path === file);
  if (index === -1) return "";
  const link = element("button", "link", `${file}:${line}`);
  link.type = "button";
  link.addEventListener("click", () => {
    choose(index);
    const row = $(`line-${line}`);
    if (!row) return;
    for (const old of document.querySelectorAll(".line.chosen")) old.classList.remove("chosen");
    row.classList.add("chosen");
    row.scrollIntoView({ block: "center" });
    $("panel").focus({ preventScroll: true });
  });
  return link;
}

function showSteps(steps) {
  $("next").hidden = !steps.length;
  $("steps").replaceChildren(...steps.flatMap((step) => {
    const command = element("dd");
    command.append(element("code", "", step.line));
    if (step.warning) command.append(element("p", "warning", step.warning));
    return [element("dt", "", step.title), command];
  }));
}

// What is taken away.

function bytesOf(file) {
  if (file.text !== undefined) return new TextEncoder().encode(file.text);
  return Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0));
}

$("reveal").addEventListener("click", () => choose(chosen, true));
$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(files[chosen].text);
    tell(`${files[chosen].path} is on the clipboard.`);
  } catch {
    tell("The browser does not give access to the clipboard: select the text instead.", true);
  }
});
$("download").addEventListener("click", () => {
  const made = files.filter((file) => file.isMade).map((file) => ({ path: file.path, mode: file.mode, bytes: bytesOf(file) }));
  const link = element("a");
  link.href = URL.createObjectURL(zipped(made));
  link.download = "compose.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});

// What there is to choose from.

async function start() {
  try {
    about = await transport("about", {});
  } catch (problem) {
    tell(problem.message, true);
    return;
  }
  for (const { name, title } of about.formats) {
    const choice = element("option", "", title);
    choice.value = name;
    form.elements.from.append(choice);
  }
  $("about").textContent = `tocompose ${about.version}`;
  document.documentElement.dataset.ready = "true";
}
start();
