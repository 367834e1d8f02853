"use strict";
/* The map of the roads. Every text from a file is set with textContent: nothing here builds markup from data. */

document.documentElement.classList.add("js");

function readNumbers(text) { return text === "" ? [] : text.split(" ").map(Number); }

function startRoadsMap(map, layers) {
  var data = JSON.parse(document.getElementById("map-data").textContent);

  map.attributionControl.setPrefix(false);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
    map.options.zoomAnimation = false;
    map.options.fadeAnimation = false;
    map.options.inertia = false;
  }
  ["land", "bands", "roads", "legs", "origins", "labels", "gaps", "sites"].forEach(function (name, position) {
    map.createPane("roads-" + name).style.zIndex = 410 + 10 * position;
  });
  map.getPane("roads-bands").style.opacity = 0.75;
  /* Tens of thousands of lines are drawn on one canvas; points and outlines stay elements of the page. */
  var canvas = L.canvas({ pane: "roads-roads", tolerance: 5, padding: 0.2 });
  var drawing = L.svg({ pane: "roads-legs" });
  var spots = L.svg({ pane: "roads-origins" });

  /* On a phone a popup takes most of the map: the controls stand back while it is open. */
  var popupSize = { maxWidth: 290, maxHeight: Math.max(160, map.getSize().y - 70) };
  map.on("popupopen popupclose", function (event) {
    map.getContainer().classList.toggle("stand-back", event.type === "popupopen" && map.getSize().x < 640);
  });
  function mph(kmh) { return Math.round(kmh / 1.609344); }
  function metresText(metres) { return grouped(Math.round(metres)) + " m"; }

  /* ---- roads ---- */
  function roadRows(road) {
    return [
      ["Class", data.classes[road.cls]],
      ["Speed", road.kmh ? road.kmh + "\u00a0km/h (" + mph(road.kmh) + "\u00a0mph), delays at junctions counted" : "cannot be used now"],
      ["Its source", data.styles[road.flags >> 3][0]],
      ["Used", road.kind === road.flags >> 3 ? "" : "no: " + data.styles[road.kind][0]],
      ["Legal limit", road.limit ? road.limit + " mph in the map data" : "not in the map data"],
      ["Surroundings", road.flags & 4 ? "among houses" : "in the country"],
      ["One way", road.flags & 1 ? "yes" : ""],
      ["Toll", road.flags & 2 ? "yes; no price is counted" : ""],
      ["Length", metresText(road.metres)],
      ["OpenStreetMap way", road.way || ""]
    ];
  }
  function roadTitle(road) { return data.names[road.name] || "Road without a name"; }
  var lines = {};
  Object.keys(data.roads).forEach(function (key) {
    var columns = data.roads[key];
    var style = data.styles[Number(key)];
    var size = readNumbers(columns.size), xy = readNumbers(columns.xy);
    var facts = {};
    ["cls", "name", "kmh", "limit", "flags", "metres", "way"].forEach(function (name) {
      facts[name] = readNumbers(columns[name]);
    });
    var at = 0;
    lines[key] = size.map(function (count, i) {
      var x = 0, y = 0, points = [];
      for (var k = 0; k < count; k += 1, at += 2) {
        x += xy[at];
        y += xy[at + 1];
        points.push([y / data.units, x / data.units]);
      }
      var main = facts.cls[i] <= data.mainClasses;
      var line = L.polyline(points, {
        renderer: canvas, color: style[1], dashArray: style[2] || null, lineCap: "butt",
        weight: style[3] * (main ? 1.5 : 1), opacity: 1, smoothFactor: 1.2
      });
      line.road = { kind: Number(key), main: main };
      Object.keys(facts).forEach(function (name) { line.road[name] = facts[name][i]; });
      return line;
    });
    var group = layers["roads" + key];
    lines[key].forEach(function (line) { group.addLayer(line); });
    group.bindPopup(function (line) { return makeTable(roadTitle(line.road), roadRows(line.road)); }, popupSize);
  });

  /* Thin lines on the whole county, thicker ones in town. */
  function sizeLines() {
    var near = Math.max(0, Math.min(1, (map.getZoom() - 9) / 5));
    Object.keys(lines).forEach(function (key) {
      var width = data.styles[Number(key)][3] * (0.4 + 1.0 * near);
      lines[key].forEach(function (line) { line.options.weight = width * (line.road.main ? 1.5 : 1); });
    });
  }
  map.on("zoomend", sizeLines);

  /* ---- outlines and isochrones ---- */
  data.land.forEach(function (shape) {
    L.polygon(readShape(shape, data.units), {
      pane: "roads-land", fill: false, color: "#b4c0ca", weight: 0.8, interactive: false
    }).addTo(layers.land);
  });
  function showAround(position) {
    layers.bands.clearLayers();
    var bands = data.around[position].bands;
    bands.slice().reverse().forEach(function (band, back) {
      L.polygon(readShape(band[1], data.units), {
        pane: "roads-bands", fillColor: data.bandColours[bands.length - 1 - back], fillOpacity: 1, color: "#8a6d1a",
        weight: 1, interactive: false
      }).addTo(layers.bands);
      if (band[2]) {
        L.marker(band[2], {
          pane: "roads-labels", interactive: false, keyboard: false,
          icon: L.divIcon({ className: "band-icon", html: makeElement("span", "band-label", band[0] + " min"), iconSize: [0, 0] })
        }).addTo(layers.bands);
      }
    });
  }
  var choice = document.getElementById("around");
  if (choice) {
    choice.addEventListener("change", function () { showAround(Number(choice.value)); });
  }
  if (data.around.length) { showAround(0); }

  /* ---- points and their ways to the road ---- */
  function pointTable(points, i, kind) {
    var joined = points.joined[i];
    return makeTable(points.name[i] || points.code[i], [
      ["Code", points.name[i] ? points.code[i] : ""],
      ["Kind", kind],
      ["To the road", joined ? metresText(points.metres[i]) + ", straight" : "no road is near enough"],
      ["To the nearest " + data.words[1], !points.minutes.length ? "" : !points.reached[i] ? "no way" : points.minutes[i] === null ? "" : points.minutes[i].toFixed(1) + " minutes"]
    ]);
  }
  function explain(layer, points, i, kind) {
    layer.bindTooltip(function () { return pointTable(points, i, kind); }, { opacity: 1 });
    layer.bindPopup(function () { return pointTable(points, i, kind); }, popupSize);
    layer.on("popupopen", function () { layer.closeTooltip(); });
    return layer;
  }
  /* The metres of the longest ways stand on the whole map, those of all others when it is nearer. */
  var longest = {};
  [data.origins, data.sites].reduce(function (all, points) {
    return all.concat(points.metres.filter(function (metres, i) { return points.joined[i] && metres > data.farM; }));
  }, []).sort(function (a, b) { return b - a; }).slice(0, 12).forEach(function (metres) { longest[metres] = true; });
  function drawLeg(points, i) {
    if (!points.joined[i]) { return; }
    var far = points.metres[i] > data.farM;
    L.polyline([[points.lat[i], points.lon[i]], [points.footLat[i], points.footLon[i]]], {
      renderer: drawing, interactive: false, color: far ? "#a12a1e" : "#17222c", weight: far ? 3 : 1.5,
      dashArray: far ? "7 3" : null, className: far ? "leg-far" : "leg"
    }).addTo(layers.legs);
    if (far) {
      L.marker([points.lat[i], points.lon[i]], {
        pane: "roads-labels", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "leg-icon", html: makeElement("span", "leg-label" + (longest[points.metres[i]] ? "" : " shorter"), metresText(points.metres[i])), iconSize: [0, 0] })
      }).addTo(layers.legs);
    }
  }
  var circles = data.origins.code.map(function (code, i) {
    drawLeg(data.origins, i);
    var circle = L.circleMarker([data.origins.lat[i], data.origins.lon[i]], {
      renderer: spots, radius: 4, color: data.origins.joined[i] ? "#17222c" : "#a12a1e", weight: data.origins.joined[i] ? 0.8 : 3,
      fillColor: "#86b9d8", fillOpacity: 1
    });
    /* Some browsers make every shape that listens for focus a stop of the Tab key: hundreds. */
    circle.on("add", function () { circle.getElement().setAttribute("tabindex", "-1"); });
    return explain(circle, data.origins, i, data.words[0]).addTo(layers.origins);
  });
  data.sites.code.forEach(function (code, i) {
    drawLeg(data.sites, i);
    var title = data.sites.name[i] || code;
    explain(L.marker([data.sites.lat[i], data.sites.lon[i]], {
      pane: "roads-sites", keyboard: i < 60, alt: title,
      icon: L.divIcon({ className: "site-icon", html: makeElement("span", "dest-mark"), iconSize: [11, 11] })
    }), data.sites, i, data.words[1]).on("add", function (event) {
      event.target.getElement().setAttribute("aria-label", title);
    }).addTo(layers.sites);
  });
  data.gaps.forEach(function (gap) {
    var open = gap[0] === "open_gaps";
    L.marker([gap[2], gap[3]], {
      pane: "roads-gaps", keyboard: false,
      icon: L.divIcon({ className: "gap-icon", html: makeElement("span", "gap-mark" + (open ? " open" : "")), iconSize: [10, 10] })
    }).bindPopup(function () {
      return makeTable("Gap in the road file", [["Length", gap[1] + " m"], ["What was done", open ? "left open: longer than the limit for closing" : "closed"]]);
    }, popupSize).addTo(layers.gaps);
  });

  /* ---- the road in the middle, for those who do not use a mouse ---- */
  function nearestPlace(line, middle) {
    var points = line.getLatLngs(), narrow = Math.cos(middle.lat * Math.PI / 180);
    var best = { far: Infinity, at: null };
    for (var i = 0; i < points.length - 1; i += 1) {
      var ax = (points[i].lng - middle.lng) * narrow, ay = points[i].lat - middle.lat;
      var dx = (points[i + 1].lng - points[i].lng) * narrow, dy = points[i + 1].lat - points[i].lat;
      var whole = dx * dx + dy * dy;
      var share = whole ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / whole)) : 0;
      var far = Math.pow(ax + share * dx, 2) + Math.pow(ay + share * dy, 2);
      if (far < best.far) { best = { far: far, at: L.latLng(middle.lat + ay + share * dy, middle.lng + (ax + share * dx) / narrow) }; }
    }
    return best;
  }
  var button = document.getElementById("middle");
  button.addEventListener("click", function () {
    var middle = map.getCenter(), found = null, nearest = { far: Infinity };
    Object.keys(lines).forEach(function (key) {
      if (!map.hasLayer(layers["roads" + key])) { return; }
      lines[key].forEach(function (line) {
        var place = nearestPlace(line, middle);
        if (place.far < nearest.far) { nearest = place; found = line; }
      });
    });
    var said = document.getElementById("middle-said");
    if (!found) { said.textContent = "No road is shown."; return; }
    var words = roadRows(found.road).filter(function (row) { return row[1] !== ""; }).map(function (row) {
      return row[0] + ": " + row[1];
    });
    said.textContent = roadTitle(found.road) + ". " + words.join(". ") + ".";
    found.fire("click", { latlng: nearest.at }, true);  /* the popup is bound to the layer of all such roads */
  });
  button.addEventListener("focus", function () { map.getContainer().parentNode.classList.add("show-cross"); });
  button.addEventListener("blur", function () { map.getContainer().parentNode.classList.remove("show-cross"); });
  map.getContainer().addEventListener("focus", function () { map.getContainer().parentNode.classList.add("show-cross"); });
  map.getContainer().addEventListener("blur", function () { map.getContainer().parentNode.classList.remove("show-cross"); });

  function sizeMarks() {
    var near = Math.max(0, Math.min(1, (map.getZoom() - 9) / 5));
    var least = circles.length > 1500 ? 1.8 : 2.5;
    circles.forEach(function (circle) { circle.setRadius(least + 3 * near); });
    map.getContainer().classList.toggle("from-afar", map.getZoom() < 12);
  }
  map.on("zoomend", sizeMarks);
  function fit() { map.fitBounds(data.bounds, { padding: [12, 12], animate: false, maxZoom: 15 }); }
  fit();
  map.setMinZoom(Math.max(map.getZoom() - 2, 0));
  sizeMarks();
  sizeLines();
  var resizing = 0;
  map.on("resize", function () {
    window.clearTimeout(resizing);
    resizing = window.setTimeout(fit, 150);
  });
}
