"use strict";
/* The page's own script. Every text from a file is set with textContent: nothing here builds markup from data. */

/* Every edge of the areas with the areas on its two sides. */
function readEdges(areas) {
  var edges = new Map();
  areas.forEach(function (area, index) {
    area[3].forEach(function (polygon) {
      polygon.forEach(function (flat) {
        var x = 0, y = 0, points = [];
        for (var i = 0; i < flat.length; i += 2) {
          x += flat[i];
          y += flat[i + 1];
          points.push([x, y]);
        }
        points.forEach(function (from, at) {
          var to = points[(at + 1) % points.length];
          var forward = from[0] < to[0] || (from[0] === to[0] && from[1] < to[1]);
          var key = forward ? from.join() + "," + to.join() : to.join() + "," + from.join();
          var edge = edges.get(key);
          if (edge) { edge.sides.push(index); } else { edges.set(key, { from: from, to: to, sides: [index] }); }
        });
      });
    });
  });
  return Array.from(edges.values());
}

/* Join edges to long lines, so that borders are drawn smoothly and with few elements. */
function chain(edges, units) {
  var at = new Map();
  edges.forEach(function (edge) {
    [edge.from.join(), edge.to.join()].forEach(function (key) {
      if (!at.has(key)) { at.set(key, []); }
      at.get(key).push(edge);
    });
  });
  var used = new Set();
  function follow(point) {
    var line = [];
    for (;;) {
      var key = point.join();
      var next = at.get(key).find(function (edge) { return !used.has(edge); });
      if (!next) { return line; }
      used.add(next);
      point = next.from.join() === key ? next.to : next.from;
      line.push(point);
    }
  }
  var lines = [];
  edges.forEach(function (edge) {
    if (used.has(edge)) { return; }
    used.add(edge);
    var ahead = follow(edge.to);
    var behind = follow(edge.from);
    var line = behind.reverse().concat([edge.from, edge.to], ahead);
    lines.push(line.map(function (point) { return [point[1] / units, point[0] / units]; }));
  });
  return lines;
}

function startBlueprintMap(map, layers) {
  var data = JSON.parse(document.getElementById("map-data").textContent);
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var about = data.estimate ? " (estimate)" : "";
  var chosen = 0;
  var colouring = "group";

  map.attributionControl.setPrefix(false);

  /* On a phone a popup takes most of the map: the controls stand back while it is open. */
  var popupSize = { maxWidth: 290, maxHeight: Math.max(160, map.getSize().y - 70) };
  map.on("popupopen popupclose", function (event) {
    map.getContainer().classList.toggle("stand-back", event.type === "popupopen" && map.getSize().x < 640);
  });
  if (still) { map.options.zoomAnimation = false; map.options.fadeAnimation = false; map.options.inertia = false; }
  ["areas", "borders", "localities", "sites", "hubs", "labels"].forEach(function (name, position) {
    map.createPane("plan-" + name).style.zIndex = 410 + 10 * position;
  });
  map.getPane("plan-labels").style.pointerEvents = "none";

  /* Some browsers make every shape that listens for focus a stop of the Tab key: hundreds. The tables say the same. */
  function noTabStop(layer) {
    layer.on("add", function () { layer.getElement().setAttribute("tabindex", "-1"); });
    return layer;
  }
  function group(index) { return index < 0 ? null : data.options[chosen].groups[index]; }
  function groupTitle(found) { return found ? found.id + " " + found.name : "none of this option's groups"; }
  function minutesText(value) { return value === null ? "no route" : value.toFixed(1) + about; }
  function kindText(kind) {
    return { main: "main site", branch: "branch site", community: "community site", mobile: "mobile site" }[kind] || kind;
  }

  /* Areas: shapes once, style and words by option. */
  function areaStyle(index) {
    var option = data.options[chosen];
    var found = group(option.areaGroup[index]);
    var fill = found ? data.palette[found.colour] : "#ffffff";
    if (colouring === "minutes") {
      var value = option.areaHub[index];
      var step = data.minuteClasses.findIndex(function (limit) { return value <= limit; });
      fill = value === null ? data.noRoute : data.minuteColours[step < 0 ? data.minuteClasses.length : step];
    }
    return { fillColor: fill, fillOpacity: 0.92, color: "#ffffff", weight: 0.7, opacity: 0.9 };
  }
  function areaTable(index) {
    var option = data.options[chosen];
    var area = data.areas[index];
    return makeTable(area[1] || area[0], [
      ["Area", area[0]],
      ["Setting", area[2] === null ? "" : area[2] ? "rural" : "urban"],
      ["Most patients with", groupTitle(group(option.areaGroup[index]))],
      ["Minutes to the hub", minutesText(option.areaHub[index])],
      ["Minutes to own practice", minutesText(option.areaRoutine[index])]
    ]);
  }
  var areaLayers = data.areas.map(function (area, index) {
    var layer = L.polygon(readShape(area[3], data.units), Object.assign({ pane: "plan-areas" }, areaStyle(index)));
    layer.bindTooltip(function () { return areaTable(index); }, { sticky: true, direction: "auto", opacity: 1 });
    layer.bindPopup(function () { return areaTable(index); }, popupSize);
    layer.on("mouseover", function () { layer.setStyle({ color: "#17222c", weight: 2 }); layer.bringToFront(); });
    layer.on("popupopen", function () { layer.closeTooltip(); });
    layer.on("mouseout", function () { layer.setStyle(areaStyle(index)); });
    return noTabStop(layer).addTo(layers.areas);
  });

  data.localities.forEach(function (locality) {
    L.polygon(readShape(locality[1], data.units), {
      pane: "plan-localities", fill: false, color: "#5b2a86", weight: 1.6, dashArray: "6 4", interactive: false
    }).addTo(layers.localities);
  });

  /* Sites: main dark, branches light, others grey; the same words in the tables below the map. */
  function siteTable(index) {
    var site = data.sites[index];
    var practice = site[3] < 0 ? null : data.practices[site[3]];
    var found = practice ? group(data.options[chosen].practiceGroup[site[3]]) : null;
    var hubOf = data.options[chosen].groups.filter(function (entry) { return entry.hub === index; });
    return makeTable(site[1] || site[0], [
      ["Site", site[0] + ", " + kindText(site[2])],
      ["Practice", practice ? practice[1] + " (" + practice[0] + ")" : "none"],
      ["Patients on its list", practice ? grouped(practice[2]) : ""],
      ["Group", practice ? groupTitle(found) : ""],
      ["Hub of", hubOf.map(groupTitle).join(", ")]
    ]);
  }
  data.sites.forEach(function (site, index) {
    var main = site[2] === "main";
    var marker = L.circleMarker([site[4], site[5]], {
      pane: "plan-sites", main: main, radius: 4, color: main ? "#ffffff" : "#17222c", weight: 1.2,
      fillColor: main ? "#17222c" : site[2] === "branch" ? "#ffffff" : "#9aa5ae", fillOpacity: 1
    });
    marker.bindTooltip(function () { return siteTable(index); }, { opacity: 1 });
    marker.bindPopup(function () { return siteTable(index); }, popupSize);
    marker.on("popupopen", function () { marker.closeTooltip(); });
    noTabStop(marker).addTo(layers.sites);
  });

  var edges = readEdges(data.areas);

  function groupTable(found) {
    return makeTable(groupTitle(found), [
      ["Kind", found.kind],
      ["Registered patients", grouped(found.size)],
      ["Minimum", grouped(found.minimum) + " (" + signed(found.margin) + ")"],
      ["Exception", found.exception],
      ["Hub", data.sites[found.hub][1]],
      ["Mean minutes to the hub", minutesText(found.minutes)],
      ["Practices", found.members.map(function (member) { return data.practices[member][1]; }).join("; ")]
    ]);
  }

  function drawOption() {
    var option = data.options[chosen];
    areaLayers.forEach(function (layer, index) { layer.setStyle(areaStyle(index)); });
    layers.borders.clearLayers();
    layers.hubs.clearLayers();
    layers.labels.clearLayers();
    var between = edges.filter(function (edge) {
      return edge.sides.length < 2 || option.areaGroup[edge.sides[0]] !== option.areaGroup[edge.sides[1]];
    });
    var lines = chain(between, data.units);
    L.polyline(lines, {
      pane: "plan-borders", color: "#ffffff", weight: 4.5, opacity: 0.75, lineJoin: "round", interactive: false
    }).addTo(layers.borders);
    L.polyline(lines, {
      pane: "plan-borders", color: "#22303c", weight: 2, lineJoin: "round", lineCap: "round", interactive: false
    }).addTo(layers.borders);
    option.groups.forEach(function (found) {
      var site = data.sites[found.hub];
      var mark = makeElement("span", "hub-mark");
      mark.appendChild(makeElement("span", "", "H"));
      var hub = L.marker([site[4], site[5]], {
        pane: "plan-hubs", keyboard: false, icon: L.divIcon({ className: "hub-icon", html: mark, iconSize: [22, 22] })
      });
      hub.bindTooltip(function () { return groupTable(found); }, { opacity: 1, offset: [10, 0] });
      hub.bindPopup(function () { return groupTable(found); }, popupSize);
      hub.on("popupopen", function () { hub.closeTooltip(); });
      noTabStop(hub).addTo(layers.hubs);
      found.letters = L.marker(found.label, {
        pane: "plan-labels", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "group-icon", html: makeElement("span", "group-label", found.id), iconSize: [0, 0] })
      }).addTo(layers.labels);
    });
    makeRoom();
  }

  /* Letters stand near the middle of their area, but never on each other: a line joins those that had to move. */
  function makeRoom() {
    var placed = [];
    var inside = L.bounds([20, 12], map.getSize().subtract([20, 12]));
    var hubs = data.options[chosen].groups.map(function (found) {
      var site = data.sites[found.hub];
      return map.latLngToLayerPoint([site[4], site[5]]);
    });
    var steps = [[0, 0]];
    [0.9, 1.5, 2.3, 3.2, 4.3].forEach(function (r) {
      for (var k = 0; k < 16; k += 1) {
        steps.push([1.5 * r * Math.cos(Math.PI * k / 8), r * Math.sin(Math.PI * k / 8)]);
      }
    });
    layers.labels.eachLayer(function (layer) { if (layer instanceof L.Polyline) { layers.labels.removeLayer(layer); } });
    data.options[chosen].groups.forEach(function (found) {
      var element = found.letters && found.letters.getElement();
      if (!element) { return; }
      var label = element.firstChild;
      var wide = label.offsetWidth + 3;
      var high = label.offsetHeight + 2;
      var middle = map.latLngToLayerPoint(found.label);
      var best = null;
      var least = Infinity;
      var visible = inside.contains(map.layerPointToContainerPoint(middle));
      steps.forEach(function (step) {
        var at = middle.add([step[0] * high, step[1] * high]);
        var cost = Math.hypot(step[0], step[1]);
        if (visible && !inside.contains(map.layerPointToContainerPoint(at))) { cost += 50; }
        placed.forEach(function (other) {
          if (Math.abs(at.x - other.x) < wide && Math.abs(at.y - other.y) < high) { cost += 100; }
        });
        hubs.forEach(function (hub) {
          if (Math.abs(at.x - hub.x) < wide / 2 + 10 && Math.abs(at.y - hub.y) < high / 2 + 10) { cost += 1.5; }
        });
        if (cost < least) { least = cost; best = at; }
      });
      placed.push(best);
      var moved = best.subtract(middle);
      label.style.transform = "translate(calc(-50% + " + moved.x.toFixed(1) + "px), calc(-50% + " + moved.y.toFixed(1) + "px))";
      if (Math.hypot(moved.x, moved.y) > high) {
        L.polyline([found.label, map.layerPointToLatLng(best)], {
          pane: "plan-hubs", color: "#17222c", weight: 1.2, interactive: false
        }).addTo(layers.labels);
      }
    });
  }

  /* Small marks on the whole county, larger ones in town. */
  function sizeMarks() {
    var bounds = L.latLngBounds(data.bounds);
    var across = map.latLngToLayerPoint(bounds.getSouthEast()).x - map.latLngToLayerPoint(bounds.getSouthWest()).x;
    var near = Math.max(0, Math.min(1, (across - 300) / 3000));
    map.getContainer().style.setProperty("--mark", (0.72 + 0.28 * Math.min(1, near * 4)).toFixed(2));
    layers.sites.eachLayer(function (marker) {
      marker.setRadius((marker.options.main ? 2.6 : 2.1) + 3.6 * near);
    });
  }

  function show(optionId) {
    data.options.forEach(function (option, index) { if (option.id === optionId) { chosen = index; } });
    map.closePopup();
    drawOption();
    var title = document.getElementById("map-option");
    var panelTitle = document.getElementById(optionId + "-title");
    if (title && panelTitle) { title.textContent = panelTitle.textContent; }
  }
  document.addEventListener("option-shown", function (event) { show(event.detail); });

  document.querySelectorAll("input[name=colouring]").forEach(function (choice) {
    choice.addEventListener("change", function () {
      if (!choice.checked) { return; }
      colouring = choice.value;
      document.documentElement.classList.toggle("by-minutes", colouring === "minutes");
      areaLayers.forEach(function (layer, index) { layer.setStyle(areaStyle(index)); });
    });
  });

  map.fitBounds(data.bounds, { padding: [8, 8], animate: false });
  map.setMinZoom(Math.max(map.getZoom() - 1, 0));
  show(data.options[0].id);
  sizeMarks();
  map.on("zoomend", function () { makeRoom(); sizeMarks(); });
  layers.labels.on("add", makeRoom);
  var resizing = 0;
  map.on("resize", function () {
    window.clearTimeout(resizing);
    resizing = window.setTimeout(function () { map.fitBounds(data.bounds, { padding: [8, 8], animate: false }); }, 150);
  });
}
