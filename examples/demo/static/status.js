// Status: asks /api/status every second and fills the panel, without loading the page again.
"use strict";

const live = document.getElementById("live");
const liveText = document.getElementById("live-text");
const body = document.getElementById("workers");
const PERIOD = 1000;
const SAMPLES = 60;
const WIDTH = 600;
const HEIGHT = 90;

const rates = [];
let last = null;
let updates = 0;

const known = (value) => (value === null || value === undefined ? "–" : String(value));

function size(bytes) {
  if (bytes === null || bytes === undefined) {
    return "–";
  }
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) {
    return "–";
  }
  const two = (n) => String(n).padStart(2, "0");
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  }
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
}

function put(name, text) {
  document.getElementById(`fact-${name}`).textContent = text;
}

function cell(label, content, kind = "td", role = "cell") {
  const made = document.createElement(kind);
  made.setAttribute("role", role);
  made.dataset.label = label;
  made.append(content);
  return made;
}

function row(worker) {
  const made = document.createElement("tr");
  made.setAttribute("role", "row");
  made.dataset.live = String(worker.pid);
  const head = cell("Worker", known(worker.id), "th", "rowheader");
  head.scope = "row";
  const state = document.createElement("span");
  state.className = `state state-${worker.status}`;
  state.textContent = worker.status;
  const average = worker.average_us === null ? "–" : `${(worker.average_us / 1000).toFixed(1)} ms`;
  made.append(
    head,
    cell("Process", known(worker.pid)),
    cell("State", state),
    cell("Requests", known(worker.requests)),
    cell("Exceptions", known(worker.exceptions)),
    cell("Average", average),
    cell("Memory", size(worker.rss)),
    cell("Threads", known(worker.threads)),
    cell("Up for", span(worker.uptime)),
    cell("Respawns", known(worker.respawns)),
  );
  return made;
}

function chart() {
  const top = Math.max(10, ...rates);
  const step = WIDTH / (SAMPLES - 1);
  const from = WIDTH - (rates.length - 1) * step;
  const points = rates.map((rate, i) =>
    `${(from + i * step).toFixed(1)} ${(HEIGHT - 4 - (rate / top) * (HEIGHT - 12)).toFixed(1)}`);
  const line = `M${points.join("L")}`;
  document.getElementById("chart-line").setAttribute("d", line);
  document.getElementById("chart-area").setAttribute(
    "d", `${line}L${WIDTH} ${HEIGHT}L${from.toFixed(1)} ${HEIGHT}Z`);
}

function measure(facts) {
  const now = { requests: facts.server.requests, time: facts.time };
  // After a restart of the server the count begins again: that is no negative rate.
  if (last !== null && now.time > last.time && now.requests >= last.requests) {
    const rate = (now.requests - last.requests) / (now.time - last.time);
    rates.push(rate);
    if (rates.length > SAMPLES) {
      rates.shift();
    }
    document.getElementById("rate").textContent = rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
    chart();
  }
  last = now;
}

function fill(facts) {
  put("interpreter", `${facts.interpreter.implementation} ${facts.interpreter.pypy || ""}`.trim());
  put("python", facts.interpreter.python);
  put("version", facts.server.version || "not in use");
  put("uptime", span(facts.server.uptime));
  put("requests", facts.server.requests.toLocaleString("en"));
  put("memory", size(facts.workers.reduce((sum, worker) => sum + (worker.rss || 0), 0)));
  put("workers", String(facts.workers.length));
  put("pid", String(facts.answered_by.pid));
  body.replaceChildren(...facts.workers.map(row));
  measure(facts);
}

async function update() {
  if (!document.hidden) {
    try {
      const response = await fetch(live.dataset.source, { cache: "no-store" });
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      fill(await response.json());
      updates += 1;
      live.dataset.updates = String(updates);
      live.className = "live on";
      liveText.textContent = "Live, refreshed every second";
    } catch (error) {
      live.className = "live off";
      liveText.textContent = "No answer, trying again";
    }
  }
  setTimeout(update, PERIOD);
}

document.getElementById("load").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  let left = 200;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await fetch(live.dataset.ping, { cache: "no-store" }).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: 5 }, one));
  button.disabled = false;
});

update();
