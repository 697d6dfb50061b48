// Notes: lists, adds and deletes through the JSON API. Text goes into the page as text, never as
// markup.
"use strict";

const form = document.getElementById("note-form");
const field = document.getElementById("note-text");
const problem = document.getElementById("note-problem");
const list = document.getElementById("notes");
const api = form.dataset.api;

async function call(method, path, document) {
  const options = { method, headers: { Accept: "application/json" } };
  if (document !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(document);
  }
  const response = await fetch(path, options);
  if (response.status === 204) {
    return null;
  }
  const answer = await response.json();
  if (!response.ok) {
    const error = new Error(answer.error.message);
    error.status = response.status;
    throw error;
  }
  return answer;
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = text === "";
  if (text === "") {
    field.removeAttribute("aria-invalid");
  } else {
    field.setAttribute("aria-invalid", "true");
  }
}

function count() {
  document.getElementById("note-count").textContent = String(list.children.length);
  document.getElementById("notes-empty").hidden = list.children.length > 0;
}

function entry(note) {
  const item = document.createElement("li");
  item.className = "entry";
  item.dataset.id = String(note.id);

  const body = document.createElement("div");
  body.className = "entry-body";
  const meta = document.createElement("p");
  meta.className = "entry-meta";
  const name = document.createElement("strong");
  name.textContent = `#${note.id}`;
  const when = document.createElement("time");
  const created = new Date(note.created * 1000);
  when.dateTime = created.toISOString();
  when.textContent = created.toLocaleString();
  meta.append(name, " ", when);
  const text = document.createElement("p");
  text.className = "entry-text";
  text.textContent = note.text;
  body.append(meta, text);

  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "quiet";
  remove.textContent = "Delete";
  remove.setAttribute("aria-label", `Delete note ${note.id}`);
  remove.addEventListener("click", async () => {
    remove.disabled = true;
    try {
      await call("DELETE", `${api}/${note.id}`);
    } catch (error) {
      // Somebody else deleted it first: gone is what was wanted.
      if (error.status !== 404) {
        complain(error.message);
        remove.disabled = false;
        return;
      }
    }
    item.remove();
    count();
    field.focus();
  });
  item.append(body, remove);
  return item;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  complain("");
  try {
    const answer = await call("POST", api, { text: field.value });
    list.prepend(entry(answer.note));
    count();
    form.reset();
    field.focus();
  } catch (error) {
    complain(error.message);
    field.focus();
  }
});

async function load() {
  try {
    const answer = await call("GET", api);
    list.replaceChildren(...answer.notes.map(entry));
    count();
  } catch (error) {
    complain(error.message);
  }
}

load();
