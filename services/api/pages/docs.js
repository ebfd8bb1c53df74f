// Shows /openapi.json as something to read and to try, with nothing loaded from elsewhere.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEEPEST = 6;
let schema = {};

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

// Backticks become code; everything else stays text.
function prose(text, tag = "p") {
  const parts = (text || "").trim().split("`");
  return make(tag, {}, ...parts.map((part, n) => (n % 2 ? make("code", {}, part) : part)));
}

function resolve(part) {
  if (!part || !part.$ref) return part || {};
  return part.$ref.replace(/^#\//, "").split("/").reduce((at, step) => at[step], schema);
}

function sample(part, depth = 0) {
  const found = resolve(part);
  if (found.example !== undefined) return found.example;
  if (Array.isArray(found.examples) && found.examples.length) return found.examples[0];
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  if (found.default !== undefined) return found.default;
  const choices = found.anyOf || found.oneOf || found.allOf;
  if (choices) return sample(choices.find((each) => each.type !== "null"), depth);
  if (depth > DEEPEST) return null;
  if (found.type === "object" || found.properties) return sampleObject(found, depth);
  if (found.type === "array") return [sample(found.items, depth + 1)];
  if (found.format === "uuid") return "019e0000-0000-7000-8000-000000000000";
  if (found.format === "date-time") return "2026-11-21T08:15:04Z";
  return { string: "…", integer: found.minimum || 1, number: 0.5, boolean: true }[found.type] ?? null;
}

function sampleObject(found, depth) {
  const entries = Object.entries(found.properties || {});
  return Object.fromEntries(entries.map(([name, part]) => [name, sample(part, depth + 1)]));
}

function typeOf(part) {
  const found = resolve(part);
  if (found.enum) return found.enum.join(" | ");
  if (found.const !== undefined) return String(found.const);
  const choices = found.anyOf || found.oneOf;
  if (choices) return choices.map(typeOf).filter((name) => name !== "null").join(" | ");
  if (found.type === "array") return `${typeOf(found.items)}, repeated`;
  return found.format || found.type || "anything";
}

function jsonOf(content) {
  if (!content) return undefined;
  const media = content["application/json"];
  if (!media) return undefined;
  if (media.example !== undefined) return media.example;
  if (media.examples) return Object.values(media.examples)[0].value;
  return sample(media.schema);
}

const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;

function curl(method, path, body, open) {
  const key = document.getElementById("key").value.trim() || "$KEY";
  const flags = path.startsWith("/v1/stream") ? "-N" : "-sS";
  const lines = [`curl ${flags} ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(location.origin + path)}`];
  if (!open) lines.push(key === "$KEY" ? `-H "Authorization: Bearer $KEY"` : `-H ${quoted(`Authorization: Bearer ${key}`)}`);
  if (body !== null) lines.push(`-H 'Content-Type: application/json'`, `-d ${quoted(body)}`);
  return lines.join(" \\\n  ");
}

function parameterTable(parameters) {
  const rows = parameters.map((parameter) => {
    const input = make("input", { "data-name": parameter.name, "data-in": parameter.in, placeholder: parameter.required ? "required" : "" });
    return make("tr", {},
      make("td", {}, make("code", {}, parameter.name)),
      make("td", {}, typeOf(parameter.schema)),
      prose(parameter.description, "td"),
      make("td", {}, input));
  });
  return make("table", {}, make("tbody", {}, ...rows));
}

function addressOf(path, box) {
  const query = new URLSearchParams();
  for (const input of box.querySelectorAll("input[data-name]")) {
    const { name, in: place } = input.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(input.value) || `{${name}}`);
    else if (place === "query" && input.value) query.append(name, input.value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function send(method, address, body, open, shown) {
  const headers = {};
  if (!open) headers.authorization = `Bearer ${document.getElementById("key").value.trim()}`;
  if (body !== null) headers["content-type"] = "application/json";
  shown.hidden = false;
  shown.textContent = "…";
  try {
    const answer = await fetch(address, { method: method.toUpperCase(), headers, body });
    const text = await answer.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it came */ }
    shown.textContent = `${answer.status} ${answer.statusText}\n\n${pretty}`;
  } catch (error) {
    shown.textContent = String(error);
  }
}

function tryIt(method, path, body, open, box) {
  const editor = body === undefined ? null : make("textarea", { rows: 8, spellcheck: "false" });
  if (editor) editor.value = JSON.stringify(body, null, 2);
  const command = make("pre");
  const shown = make("pre", { hidden: "" });
  const text = () => (editor ? editor.value : null);
  const refresh = () => { command.textContent = curl(method, addressOf(path, box), text(), open); };
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener("click", () => { refresh(); navigator.clipboard.writeText(command.textContent); });
  const go = make("button", { type: "button" }, "Send");
  go.addEventListener("click", () => { refresh(); send(method, addressOf(path, box), text(), open, shown); });
  const streams = path === "/v1/stream" || path.includes("/deliveries") || path.includes("/backfill");
  box.addEventListener("input", refresh);
  document.getElementById("key").addEventListener("input", refresh);
  box.append(...(editor ? [make("h3", {}, "Body"), editor] : []), make("h3", {}, "Command"), command, copy, ...(streams ? [] : [go]), shown);
  refresh();
}

function answers(responses) {
  const parts = Object.entries(responses).map(([status, response]) => {
    const found = resolve(response);
    const content = found.content || {};
    const example = status.startsWith("2") ? jsonOf(content) : undefined;
    const stream = content["text/event-stream"];
    const text = example !== undefined ? JSON.stringify(example, null, 2) : stream ? stream.example : null;
    return make("div", {}, make("h3", {}, `${status} `, prose(found.description, "span")), text ? make("pre", {}, text) : null);
  });
  return make("div", {}, ...parts);
}

function operation(path, method, found) {
  const box = make("div", { class: "inside" });
  const details = make("details", { id: found.operationId },
    make("summary", {},
      make("span", { class: "method" }, method.toUpperCase()),
      make("span", { class: "path" }, path),
      make("span", { class: "title" }, found.summary || "")),
    box);
  // Filled when first opened: a long page is read slowly and built fast.
  details.addEventListener("toggle", () => {
    if (!details.open || box.childNodes.length) return;
    const body = found.requestBody ? jsonOf(found.requestBody.content) : undefined;
    const parameters = (found.parameters || []).map(resolve);
    if (found.description) box.append(prose(found.description));
    if (parameters.length) box.append(make("h3", {}, "Parameters"), parameterTable(parameters));
    tryIt(method, path, body, !(found.security || []).length, box);
    box.append(answers(found.responses || {}));
  });
  return details;
}

function show() {
  const groups = new Map();
  for (const [path, item] of Object.entries(schema.paths)) {
    for (const method of METHODS.filter((each) => item[each])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, item[method]));
    }
  }
  document.getElementById("about").textContent = (schema.info.description || "").trim();
  const main = document.getElementById("operations");
  main.replaceChildren();
  for (const [tag, operations] of groups) {
    document.getElementById("contents").append(make("a", { href: `#tag-${tag}` }, tag));
    main.append(make("h2", { id: `tag-${tag}` }, tag), ...operations);
  }
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named) { named.open = true; named.scrollIntoView(); }
}

document.getElementById("access").addEventListener("submit", (submitted) => submitted.preventDefault());
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((found) => { schema = found; show(); })
  .catch((error) => { document.getElementById("state").textContent = `The schema cannot be read: ${error}`; });
