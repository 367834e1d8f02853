"use strict";
/* The map by keys: it is one stop of the Tab key. While it has the focus, arrows move it, plus and minus zoom (Leaflet
   does both), L opens the list of layers, Escape closes what is open. */

function addMapKeys(map, list) {
  var box = map.getContainer();
  var panel = list.getContainer();
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", "Interactive map");
  box.setAttribute("aria-describedby", "map-keys");

  /* Buttons and boxes inside the map answer to mouse, touch and the keys above, and are no stops of their own. Only what
     scrolls has one while it is open: of the list of layers the box last used, of long facts the facts themselves. */
  function noStops() {
    box.querySelectorAll("a, button, input").forEach(function (part) { part.tabIndex = -1; });
    var all = boxes();
    (all.find(function (part) { return part === document.activeElement; }) || all[0]).tabIndex = 0;
    var facts = box.querySelector(".leaflet-popup-scrolled");
    if (facts) {
      facts.tabIndex = 0;
      facts.setAttribute("role", "group");
      facts.setAttribute("aria-label", "Facts, longer than their frame");
    }
  }
  function boxes() { return Array.from(panel.querySelectorAll("input")); }
  function close() {
    list.collapse();
    box.focus({ preventScroll: true });
  }
  function step(by) {
    var all = boxes();
    var at = all.indexOf(document.activeElement);
    all[(at + by + all.length) % all.length].focus();
  }

  box.addEventListener("keydown", function (event) {
    if (event.target !== box || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "l" || event.key === "L") {
      list.expand();
      noStops();
      boxes()[0].focus();
      event.preventDefault();
    }
  });
  panel.addEventListener("keydown", function (event) {
    var steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (steps[event.key]) { step(steps[event.key]); } else if (event.key === "Escape") { close(); } else { return; }
    event.preventDefault();
    event.stopPropagation();
  });
  panel.addEventListener("focusin", noStops);
  panel.addEventListener("focusout", function (event) {
    if (event.relatedTarget && !panel.contains(event.relatedTarget)) { list.collapse(); }
  });
  map.on("popupopen layeradd layerremove", noStops);
  noStops();
}
