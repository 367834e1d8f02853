"use strict";
/* Much text that few will read stands compressed in the page. */

function canUnpack() { return typeof DecompressionStream === "function"; }

/* The value that `packed_data` put into the element, as a promise. */
function unpackData(id) {
  var coded = atob(document.getElementById(id).textContent.trim());
  var bytes = Uint8Array.from(coded, function (letter) { return letter.charCodeAt(0); });
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text().then(JSON.parse);
}
