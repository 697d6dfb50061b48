// Files: says that a file is too large before it is sent. The server checks again.
"use strict";

const form = document.getElementById("upload");
const field = document.getElementById("file");
const problem = document.getElementById("file-problem");
const limit = Number(form.dataset.limit);

function complain(text) {
  problem.textContent = text;
  problem.hidden = text === "";
  if (text === "") {
    field.removeAttribute("aria-invalid");
  } else {
    field.setAttribute("aria-invalid", "true");
  }
}

function tooLarge() {
  const file = field.files[0];
  return file !== undefined && file.size > limit;
}

field.addEventListener("change", () => {
  complain(tooLarge() ? "This file is larger than 16 MB. Please choose a smaller one." : "");
});

form.addEventListener("submit", (event) => {
  if (tooLarge()) {
    event.preventDefault();
    field.focus();
  }
});
