// Stream: reads /stream piece by piece and shows each line when its end has arrived.
"use strict";

const list = document.getElementById("stream-lines");
const state = document.getElementById("stream-state");
const bar = document.getElementById("stream-progress");
const start = document.getElementById("stream-start");
const stop = document.getElementById("stream-stop");

let running = null;

function show(line) {
  const item = document.createElement("li");
  item.textContent = line;
  list.append(item);
  list.scrollTop = list.scrollHeight;
  bar.value = list.children.length;
}

async function read(signal) {
  const response = await fetch(list.dataset.source, { signal, cache: "no-store" });
  if (!response.ok) {
    throw new Error(`the server answered ${response.status}`);
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    // A piece of the network is not a line: it may hold several, or half of one.
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop();
    lines.forEach(show);
    if (done) {
      if (rest !== "") {
        show(rest);
      }
      return;
    }
  }
}

async function run() {
  const began = performance.now();
  running = new AbortController();
  list.replaceChildren();
  bar.value = 0;
  start.disabled = true;
  stop.disabled = false;
  state.textContent = "Receiving";
  try {
    await read(running.signal);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    state.textContent = `Done: ${list.children.length} lines in ${seconds} s`;
  } catch (error) {
    state.textContent = error.name === "AbortError"
      ? `Stopped after ${list.children.length} lines` : `Failed: ${error.message}`;
  }
  running = null;
  start.disabled = false;
  stop.disabled = true;
}

start.addEventListener("click", run);
stop.addEventListener("click", () => {
  if (running !== null) {
    running.abort();
  }
});

run();
