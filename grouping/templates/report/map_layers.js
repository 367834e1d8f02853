"use strict";
/* Layers of the map that lie behind or above the groups: hatches, localities, roads, reach of hubs, a street map. */

var SVG = "http://www.w3.org/2000/svg";

function makeSvg(tag, attributes) {
  var made = document.createElementNS(SVG, tag);
  Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
  return made;
}

/* Tiles that areas are filled with: every colour has its hatch, so that the map can be read in greyscale. */
function makeHatches(name, hatches, scale) {
  var box = makeSvg("svg", { "class": "shapes", width: 0, height: 0, "aria-hidden": "true", focusable: "false" });
  hatches.forEach(function (hatch, number) {
    var tile = makeSvg("pattern", {
      id: name + "-" + number, width: 40, height: 40, patternUnits: "userSpaceOnUse",
      patternTransform: "scale(" + scale + ")"
    });
    tile.appendChild(makeSvg("path", { d: "M0 0H40V40H0z", fill: hatch[0] }));
    if (hatch[1]) {
      tile.appendChild(makeSvg("path", {
        d: hatch[1], fill: "none", stroke: "#17222c", "stroke-opacity": name === "change" ? 0.8 : 0.4,
        "stroke-width": hatch[2], "stroke-linecap": "round"
      }));
    }
    box.appendChild(tile);
  });
  document.body.appendChild(box);
}

function drawLocalities(layer, data) {
  data.localities.forEach(function (locality) {
    L.polygon(readShape(locality[1], data.units), {
      pane: "plan-localities", fill: false, color: "#5b2a86", weight: 1.6, dashArray: "6 4", interactive: false
    }).addTo(layer);
  });
}

function drawRoads(map, layer, data) {
  var weights = { trunk: 3, primary: 2.3, secondary: 1.5 };
  data.roads.forEach(function (road) {
    var lines = toLatLon(road.lines.map(readSteps), data.units);
    if (!lines.length) { return; }
    L.polyline(lines, {
      pane: "plan-roads", color: "#4d5963", opacity: 0.75, weight: weights[road.kind], interactive: false
    }).addTo(layer);
  });
  if (data.attribution) {
    var tell = function () { map.attributionControl.addAttribution(data.attribution); };
    layer.on("add", tell);
    layer.on("remove", function () { map.attributionControl.removeAttribution(data.attribution); });
    if (map.hasLayer(layer)) { tell(); }
  }
}

/* How far one gets to the nearest of some hubs: three lines, told apart by their dashes and their numbers. */
function drawReach(layer, reach, codes) {
  var styles = [{ weight: 3 }, { weight: 2.6, dashArray: "9 6" }, { weight: 2.6, dashArray: "1 6" }];
  layer.clearLayers();
  var known = codes.filter(function (code) { return Object.prototype.hasOwnProperty.call(reach.cells, code); });
  if (!known.length) { return; }
  var count = reach.columns * reach.rows;
  var nearest = new Uint8Array(count).fill(reach.limits.length);
  var land = readCells(reach.land, count);
  known.forEach(function (code) {
    readCells(reach.cells[code], count).forEach(function (value, at) { if (value < nearest[at]) { nearest[at] = value; } });
  });
  reach.limits.slice().reverse().forEach(function (minutes, back) {
    var number = reach.limits.length - 1 - back;
    var lines = outlineOfCells(nearest, land, reach.columns, reach.rows, number).filter(function (line) { return line.length > 9; });
    if (!lines.length) { return; }
    var drawn = lines.map(function (line) { return line.map(function (point) { return onGrid(reach, point); }); });
    var plain = { pane: "plan-reach", interactive: false, lineJoin: "round", smoothFactor: 1.5 };
    L.polyline(drawn, Object.assign({}, plain, { color: "#ffffff", weight: 6, opacity: 0.85 })).addTo(layer);
    L.polyline(drawn, Object.assign({}, plain, styles[number], { color: "#0b2f6b" })).addTo(layer);
    lines.forEach(function (line, at) {
      if (line.length < 40) { return; }
      var top = line.reduce(function (best, point, i) { return point[1] < line[best][1] ? i : best; }, 0);
      L.marker(drawn[at][top], {
        pane: "plan-reach", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "group-icon", html: makeElement("span", "reach-label", minutes), iconSize: [0, 0] })
      }).addTo(layer);
    });
  });
}

/* The only thing on this page that asks the internet for anything, and only once a reader has ticked it. */
function addStreetMap(map, layer, address) {
  L.tileLayer(address, { maxZoom: 19, attribution: "\u00a9 OpenStreetMap contributors" }).addTo(layer);
  layer.on("add remove", function (event) {
    map.getContainer().classList.toggle("with-streets", event.type === "add");
  });
}
