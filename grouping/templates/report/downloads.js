"use strict";
/* Hands a table of the run to the browser as a CSV file. The texts stand compressed in the page (escape.packed_data). */

(function () {
  var section = document.getElementById("downloads");
  if (!section) { return; }
  var buttons = section.querySelectorAll("button[data-file]");
  var told = document.getElementById("downloads-told");
  var tables = null;

  function cannot() {
    document.getElementById("downloads-cannot").hidden = false;
    buttons.forEach(function (button) { button.hidden = true; });
  }

  function handOver(file, text) {
    var link = document.createElement("a");
    var address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.href = address;
    link.download = file;
    document.body.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(address); }, 60000);
    told.textContent = file + " was given to your browser, which keeps it with your downloads.";
  }

  if (!canUnpack()) { cannot(); return; }
  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      tables = tables || unpackData("downloads-data");
      tables.then(function (texts) { handOver(button.dataset.file, texts[button.dataset.file]); }, cannot);
    });
  });
})();
