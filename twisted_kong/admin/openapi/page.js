"use strict";

// Searches, copies, and opens what is linked to; without it the page can be read all the same.

const operations = [...document.querySelectorAll("details[data-find]")];
const sections = [...document.querySelectorAll("main section")];
const search = document.getElementById("search");
const found = document.getElementById("found");

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const operation of operations) {
    operation.hidden = !words.every((word) => operation.dataset.find.includes(word));
    count += operation.hidden ? 0 : 1;
  }
  for (const section of sections) {
    section.hidden = words.length > 0 && !section.querySelector("details[data-find]:not([hidden])");
    const link = document.querySelector(`nav a[href="#${section.id}"]`);
    if (link) link.parentElement.hidden = section.hidden;
  }
  found.textContent = words.length ? `${count} found` : "";
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") {
    target.hidden = false;
    target.closest("section").hidden = false;
    target.open = true;
    target.scrollIntoView();
  }
}

async function copy(pre) {
  try {
    await navigator.clipboard.writeText(pre.textContent);
  } catch {
    // not a secure context
    getSelection().selectAllChildren(pre);
    document.execCommand("copy");
  }
}

search.addEventListener("input", filter);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
  if (event.key === "Escape" && document.activeElement === search) {
    search.value = "";
    filter();
  }
});
window.addEventListener("hashchange", open);

for (const pre of document.querySelectorAll("pre.curl")) {
  pre.textContent = pre.textContent.replaceAll("http://localhost:8001", location.origin);
}
for (const box of document.querySelectorAll(".copy")) {
  const pre = box.querySelector("pre");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await copy(pre);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  box.append(button);
}
if (search.value) filter();
open();
