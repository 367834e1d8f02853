"use strict";
/* Which option the page shows. All switches go together; parts of other options are hidden, and printed all the same. */

document.documentElement.classList.add("js");

function showOption(id) {
  document.querySelectorAll("[data-of-option]").forEach(function (part) {
    part.classList.toggle("is-shown", part.dataset.ofOption === id);
  });
  document.querySelectorAll(".option-switch input").forEach(function (choice) { choice.checked = choice.value === id; });
  document.dispatchEvent(new CustomEvent("option-shown", { detail: id }));
}

document.querySelectorAll(".option-switch input").forEach(function (choice) {
  choice.addEventListener("change", function () { if (choice.checked) { showOption(choice.value); } });
});
document.querySelectorAll("a[data-option]").forEach(function (link) {
  link.addEventListener("click", function () { showOption(link.dataset.option); });
});
/* A link to something inside an option that is not shown shows that option first. */
document.addEventListener("click", function (event) {
  var link = event.target.closest && event.target.closest("a[href^='#']");
  var target = link && document.getElementById(link.getAttribute("href").slice(1));
  var part = target && target.closest("[data-of-option]:not(.is-shown)");
  if (part) { showOption(part.dataset.ofOption); }
});
window.addEventListener("beforeprint", function () {
  document.querySelectorAll("details").forEach(function (part) { part.open = true; });
});
