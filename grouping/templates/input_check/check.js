"use strict";
/* The map of a check. Every text from a file is set with textContent: nothing here builds markup from data. */

document.documentElement.classList.add("js");

function startCheckMap(map, layers) {
  var data = JSON.parse(document.getElementById("map-data").textContent);
  var colouring = data.colouring;

  map.attributionControl.setPrefix(false);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
    map.options.zoomAnimation = false;
    map.options.fadeAnimation = false;
    map.options.inertia = false;
  }
  ["land", "localities", "areas", "lines", "branches", "mains", "flagged"].forEach(function (name, position) {
    map.createPane("check-" + name).style.zIndex = 410 + 10 * position;
  });

  /* On a phone a popup takes most of the map: the controls stand back while it is open. */
  var popupSize = { maxWidth: 290, maxHeight: Math.max(160, map.getSize().y - 70) };
  map.on("popupopen popupclose", function (event) {
    map.getContainer().classList.toggle("stand-back", event.type === "popupopen" && map.getSize().x < 640);
  });

  function kindText(kind) {
    return {
      main: "main site", branch: "branch site", community: "community site", mobile: "mobile site", area: "area"
    }[kind] || kind;
  }
  function colourOf(point) {
    var step = colouring === "snap" ? point[9] : point[10];
    var colours = colouring === "snap" ? data.snapColours : data.basisColours;
    return step < 0 ? data.plain : colours[step];
  }
  function pointTable(point) {
    return makeTable(point[1] || point[0], [
      ["Code", point[0]],
      ["Kind", point[13] ? "area over the border" : kindText(point[2])],
      ["Practice", point[3]],
      ["Placed by", point[6]],
      ["To the road", point[7] === null ? "" : grouped(Math.round(point[7])) + " m" + (point[8] ? ", " + point[8].replace(/_/g, " ") : "")],
      ["Patients", point[11] === null ? "" : grouped(Math.round(point[11]))],
      ["Their homes", point[10] < 0 ? "" : data.basisWords[point[10]]],
      ["To look at", point[12]]
    ]);
  }
  function explain(layer, point) {
    layer.bindTooltip(function () { return pointTable(point); }, { opacity: 1 });
    layer.bindPopup(function () { return pointTable(point); }, popupSize);
    layer.on("popupopen", function () { layer.closeTooltip(); });
    return layer;
  }

  if (data.land.length) {
    var land = [].concat.apply([], data.land.map(function (shape) { return readShape(shape, data.units); }));
    L.polygon(land, {
      pane: "check-land", fillColor: "#ffffff", fillOpacity: 1, color: "#b4c0ca", weight: 0.8, interactive: false
    }).addTo(layers.land);
  }
  data.localities.forEach(function (shape) {
    L.polygon(readShape(shape, data.units), {
      pane: "check-localities", fill: false, color: "#5b2a86", weight: 1.4, dashArray: "6 4", interactive: false
    }).addTo(layers.localities);
  });
  data.lines.forEach(function (line) {
    L.polyline(line, { pane: "check-lines", color: "#a12a1e", weight: 2, interactive: false }).addTo(layers.lines);
  });

  var areas = [];
  var stops = 0;
  data.points.forEach(function (point) {
    var at = [point[4], point[5]];
    if (point[2] === "area") {
      var circle = L.circleMarker(at, {
        pane: "check-areas", radius: 4, color: "#17222c", weight: 0.8, fillColor: colourOf(point), fillOpacity: 1
      });
      /* Some browsers make every shape that listens for focus a stop of the Tab key: hundreds. */
      circle.on("add", function () { circle.getElement().setAttribute("tabindex", "-1"); });
      areas.push([explain(circle, point).addTo(layers.areas), point]);
    } else {
      var main = point[2] === "main";
      var mark = makeElement("span", "site-mark " + (main ? "main" : point[2] === "branch" ? "branch" : "other"));
      explain(L.marker(at, {
        pane: main ? "check-mains" : "check-branches", keyboard: false,
        icon: L.divIcon({ className: "site-icon", html: mark, iconSize: [9, 9] })
      }), point).addTo(main ? layers.mains : layers.branches);
    }
    if (point[12]) {
      stops += 1;
      explain(L.marker(at, {
        pane: "check-flagged", keyboard: stops <= data.keyboardStops, alt: "To look at: " + (point[1] || point[0]),
        icon: L.divIcon({ className: "flag-icon", html: makeElement("span", "flag-mark", "!"), iconSize: [22, 20], iconAnchor: [11, 25] })
      }), point).on("add", function (event) {
        var element = event.target.getElement();
        element.setAttribute("aria-label", "To look at: " + (point[1] || point[0]));
      }).addTo(layers.flagged);
    }
  });

  document.querySelectorAll("input[name=colouring]").forEach(function (choice) {
    choice.addEventListener("change", function () {
      if (!choice.checked) { return; }
      colouring = choice.value;
      document.documentElement.classList.toggle("by-basis", colouring === "basis");
      areas.forEach(function (pair) { pair[0].setStyle({ fillColor: colourOf(pair[1]) }); });
    });
  });

  /* Small marks on the whole county, larger ones in town. */
  function sizeMarks() {
    var bounds = L.latLngBounds(data.bounds);
    var across = map.latLngToLayerPoint(bounds.getSouthEast()).x - map.latLngToLayerPoint(bounds.getSouthWest()).x;
    var near = Math.max(0, Math.min(1, (across - 300) / 3000));
    var least = areas.length > 1500 ? 1.8 : 3;
    areas.forEach(function (pair) { pair[0].setRadius((least + 3 * near) * (pair[1][13] ? 0.6 : 1)); });
  }
  function fit() { map.fitBounds(data.bounds, { padding: [12, 12], animate: false, maxZoom: 14 }); }
  fit();
  map.setMinZoom(Math.max(map.getZoom() - 1, 0));
  sizeMarks();
  map.on("zoomend", sizeMarks);
  var resizing = 0;
  map.on("resize", function () {
    window.clearTimeout(resizing);
    resizing = window.setTimeout(fit, 150);
  });
}
