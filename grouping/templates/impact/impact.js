"use strict";
/* Find my place: shows the places whose name holds what is typed. A page of its own holds all places in its list, the
   page of a run holds them packed. */

document.documentElement.classList.add("js");

(function () {
  var field = document.getElementById("impact-place");
  var list = document.getElementById("impact-place-list");
  var told = document.getElementById("impact-place-count");
  if (!field || !list || !told) { return; }

  function plain(text) {
    return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[\u2019']/g, "");
  }
  var places = [];
  var packed = document.getElementById("impact-places-data") !== null;

  function show() {
    var wanted = plain(field.value.trim());
    /* In the page of a run hundreds of places would stand before what follows: they wait until something is typed. */
    var shown = places.filter(function (place) {
      var fits = (wanted !== "" || !packed) && place.name.indexOf(wanted) >= 0;
      place.box.hidden = !fits;
      return fits;
    });
    /* A single place is what was looked for: it opens by itself. An emptied field closes all again. */
    places.forEach(function (place) { place.box.open = wanted !== "" && shown.length === 1 && place === shown[0]; });
    told.textContent = wanted === "" ? places.length + (places.length === 1 ? " place" : " places") + (packed ? ". Type a part of its name." : "")
      : shown.length === 0 ? "No place of this name. Try a part of it, or a neighbouring village."
      : shown.length + " of " + places.length + (places.length === 1 ? " place" : " places");
  }
  function ready() {
    places = Array.prototype.map.call(list.children, function (box) {
      return { box: box, name: plain(box.querySelector("summary").textContent) };
    });
    field.addEventListener("input", show);
    show();
  }
  function addPlace(place) {
    var box = makeElement("details");
    box.appendChild(makeElement("summary")).appendChild(makeElement("bdi", "", place[0]));
    var sentences = box.appendChild(makeElement("ul"));
    place[1].forEach(function (sentence) { sentences.appendChild(makeElement("li", "", sentence)); });
    list.appendChild(box);
  }
  /* The list is made when somebody first looks for a place. */
  function unpackPlaces() {
    field.removeEventListener("focus", unpackPlaces);
    if (!canUnpack()) {
      told.textContent = "This browser is too old to look for a place here: see impact/impact.html in the folder this page came in.";
      return;
    }
    unpackData("impact-places-data").then(function (found) { found.forEach(addPlace); ready(); });
  }
  if (packed) { field.addEventListener("focus", unpackPlaces); } else { ready(); }

  /* What is folded up would be missing from a printed copy; afterwards everything is as it was. */
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.filter.call(document.querySelectorAll("main details:not([open])"), function (box) {
      return !list.contains(box);
    });
    opened.forEach(function (box) { box.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (box) { box.open = false; });
    opened = [];
  });
})();
