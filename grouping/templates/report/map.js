"use strict";
/* The interactive map of a run. Every text from a file is set with textContent: nothing here builds markup from data. */

/* For readers who asked for less movement: the map jumps. Leaflet reads most of these options only when it is made. */
function holdStill(map) {
  Object.assign(map.options, { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false });
  map._zoomAnimated = false;
  map._fadeAnimated = false;
  map.panBy = function (offset, options) {
    return L.Map.prototype.panBy.call(map, offset, Object.assign({}, options, { animate: false }));
  };
}

/* Folium's frame calls this. The map is drawn when its data are unpacked, a moment later. */
function startBlueprintMap(map, layers, list) {
  var root = document.documentElement;
  if (!canUnpack()) { root.classList.add("map-failed"); return; }
  unpackData("map-data").then(function (data) {
    drawBlueprintMap(map, layers, list, data);
    root.classList.add("map-ready");
  });
}

function drawBlueprintMap(map, layers, list, data) {
  var about = data.estimate ? " (estimate)" : "";
  var chosen = 0;
  var plan = data.options[0];
  var trial = null;
  var colouring = "group";
  var all = data.areas.map(function () { return null; });

  map.attributionControl.setPrefix(false);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) { holdStill(map); }

  /* On a phone a popup takes most of the map: the controls stand back while it is open. */
  var popupSize = { maxWidth: 290, maxHeight: Math.max(160, map.getSize().y - 70) };
  map.on("popupopen popupclose", function (event) {
    map.getContainer().classList.toggle("stand-back", event.type === "popupopen" && map.getSize().x < 640);
  });
  /* Hundreds of shapes without a name would stand in the way of who hears the page: the tables say the same. */
  ["areas", "roads", "borders", "localities", "reach", "branches", "sites", "hubs", "labels"].forEach(function (name, position) {
    var pane = map.createPane("plan-" + name);
    pane.style.zIndex = 410 + 10 * position;
    pane.setAttribute("aria-hidden", "true");
  });
  map.getPane("plan-labels").style.pointerEvents = "none";
  makeHatches("group", data.hatches, 0.3);
  makeHatches("change", data.changes, 0.45);

  /* Some browsers make every shape that listens for focus a stop of the Tab key: hundreds. The tables say the same. */
  function noTabStop(layer) {
    layer.on("add", function () { layer.getElement().setAttribute("tabindex", "-1"); });
    return layer;
  }
  function withFacts(layer, table, offset) {
    layer.bindTooltip(table, { sticky: !offset, direction: "auto", opacity: 1, offset: offset || [0, 0] });
    layer.bindPopup(table, popupSize);
    layer.on("popupopen", function () { layer.closeTooltip(); });
    return noTabStop(layer);
  }

  /* ---- words ---- */

  function group(index) { return index < 0 ? null : plan.groups[index]; }
  function groupTitle(found) { return found ? (found.id + " " + found.name).trim() : "none of this option\u2019s groups"; }
  /* What is the same in all options stands in the first; a hidden figure is a text. */
  function figure(name, index) { return (plan.trial ? all : plan[name] || data.options[0][name] || all)[index]; }
  function minutesText(value) {
    if (plan.trial) { return ""; }
    return value === null ? "no route" : typeof value === "string" ? value : value.toFixed(1) + about;
  }
  function count(value) { return typeof value === "number" ? grouped(value) : value; }
  function margin(value) { return typeof value === "number" ? signed(value) : value; }
  function changeText(index) {
    var now = figure("areaHub", index), before = figure("areaBefore", index);
    if (!hasChange || typeof now !== "number" || typeof before !== "number") { return ""; }
    var change = Math.round(10 * (now - before)) / 10;
    return before.toFixed(1) + about + " (" + (change < 0 ? "\u2212" : "+") + Math.abs(change).toFixed(1) + " now)";
  }
  function kindText(kind) {
    return { main: "main site", branch: "branch site", community: "community site", mobile: "mobile site" }[kind] || kind;
  }

  /* ---- areas: shapes once, style and words by option ---- */

  var hasChange = data.options.some(function (option) { return option.areaChange; });

  function minutesFill(index) {
    var value = figure("areaHub", index);
    if (typeof value !== "number") { return data.noRoute; }
    var step = data.minuteClasses.findIndex(function (limit) { return value <= limit; });
    return data.minuteColours[step < 0 ? data.minuteClasses.length : step];
  }
  function changeFill(index) {
    var step = plan.areaChange ? plan.areaChange[index] : -1;
    return step < 0 ? data.noRoute : "url(#change-" + step + ")";
  }
  function groupFill(index) {
    var found = group(plan.areaGroup[index]);
    return found ? "url(#group-" + found.colour + ")" : "#ffffff";
  }
  function areaStyle(index) {
    var how = plan.trial ? "group" : colouring;
    var fill = (how === "minutes" ? minutesFill : how === "change" ? changeFill : groupFill)(index);
    return { fillColor: fill, fillOpacity: 0.95, color: "#ffffff", weight: 0.7, opacity: 0.9 };
  }
  function areaTable(index) {
    var area = data.areas[index];
    return makeTable(area[1] || area[0], [
      ["Area", area[0]],
      ["Setting", area[2] === null ? "" : area[2] ? "rural" : "urban"],
      ["Most patients with", groupTitle(group(plan.areaGroup[index]))],
      ["Minutes to the hub", minutesText(figure("areaHub", index))],
      ["Minutes to the hub before", changeText(index)],
      ["Minutes to own practice", minutesText(figure("areaRoutine", index))]
    ]);
  }
  var areaLayers = data.areas.map(function (area, index) {
    var layer = L.polygon(readShape(area[3], data.units), Object.assign({ pane: "plan-areas" }, areaStyle(index)));
    withFacts(layer, function () { return areaTable(index); });
    layer.on("mouseover", function () { layer.setStyle({ color: "#17222c", weight: 2 }); layer.bringToFront(); });
    layer.on("mouseout", function () { layer.setStyle(areaStyle(index)); });
    return layer.addTo(layers.areas);
  });
  function colourAreas() { areaLayers.forEach(function (layer, index) { layer.setStyle(areaStyle(index)); }); }

  /* ---- sites: main dark, branches light, others grey; the same words stand in the tables of the page ---- */

  function siteTable(index) {
    var site = data.sites[index];
    var practice = site[3] < 0 ? null : data.practices[site[3]];
    var hubOf = plan.groups.filter(function (entry) { return entry.hub === index; });
    return makeTable(site[1] || site[0], [
      ["Site", site[0] + ", " + kindText(site[2])],
      ["Practice", practice ? practice[1] + " (" + practice[0] + ")" : "none"],
      ["Patients on its list", practice ? count(practice[2]) : ""],
      ["Group", practice ? groupTitle(group(plan.practiceGroup[site[3]])) : ""],
      ["Hub of", hubOf.map(groupTitle).join(", ")]
    ]);
  }
  data.sites.forEach(function (site, index) {
    var main = site[2] === "main";
    var marker = L.circleMarker([site[4], site[5]], {
      pane: main ? "plan-sites" : "plan-branches", main: main, radius: 4, color: main ? "#ffffff" : "#17222c", weight: 1.2,
      fillColor: main ? "#17222c" : site[2] === "branch" ? "#ffffff" : "#9aa5ae", fillOpacity: 1
    });
    withFacts(marker, function () { return siteTable(index); });
    marker.on("click", function () { choosePractice(site[3]); });
    marker.addTo(main ? layers.sites : layers.branches);
  });
  /* While a grouping is tried, a click on a site chooses its practice there. */
  function choosePractice(position) {
    if (!trial || position < 0) { return; }
    document.dispatchEvent(new CustomEvent("practice-chosen", { detail: data.practices[position][0] }));
    keepPopupInView();
  }
  /* What is put into a popup after it has opened makes it higher: all of it must stay on the map, and what was put in,
     which stands last, must be seen. */
  function keepPopupInView() {
    var popup = map.getContainer().querySelector(".leaflet-popup");
    if (!popup) { return; }
    var content = popup.querySelector(".leaflet-popup-content");
    if (content.offsetHeight > popupSize.maxHeight) {
      content.style.height = popupSize.maxHeight + "px";
      content.classList.add("leaflet-popup-scrolled");
      content.scrollTop = content.scrollHeight;
    }
    map.stop(); /* the movement that began when it opened reckons with a lower one */
    var box = map.getContainer().getBoundingClientRect(), own = popup.getBoundingClientRect();
    var x = Math.min(own.left - box.left - 6, 0) || Math.max(own.right - box.right + 6, 0);
    var y = Math.min(own.top - box.top - 6, 0);
    if (x || y) { map.panBy([x, y], { animate: false }); }
  }

  /* ---- what differs from option to option ---- */

  var edges = readEdges(data.areas);

  function groupTable(found) {
    var names = found.members.map(function (member) { return data.practices[member][1]; }).join("; ");
    if (plan.trial) { return makeTable(groupTitle(found), [["Hub", data.sites[found.hub][1]], ["Practices", names]]); }
    return makeTable(groupTitle(found), [
      ["Kind", found.kind],
      ["Registered patients", count(found.size)],
      ["Minimum", found.minimum === null ? "" : count(found.minimum) + " (" + margin(found.margin) + ")"],
      ["Exception", found.exception],
      ["Hub", data.sites[found.hub][1]],
      ["Mean minutes to the hub", minutesText(found.minutes)],
      ["Longest, practice to hub", minutesText(found.longest)],
      ["Practices", names]
    ]);
  }
  function drawBorders() {
    var between = edges.filter(function (edge) {
      return edge.sides.length < 2 || plan.areaGroup[edge.sides[0]] !== plan.areaGroup[edge.sides[1]];
    });
    var lines = toLatLon(joinEdges(between), data.units);
    var plain = { pane: "plan-borders", lineJoin: "round", lineCap: "round", interactive: false };
    L.polyline(lines, Object.assign({ color: "#ffffff", weight: 5, opacity: 0.8 }, plain)).addTo(layers.borders);
    L.polyline(lines, Object.assign({ color: "#17222c", weight: 2.2 }, plain)).addTo(layers.borders);
  }
  function drawHub(found) {
    if (found.hub < 0) { return; }
    var site = data.sites[found.hub];
    var mark = makeElement("span", "hub-mark");
    mark.appendChild(makeElement("span", "", "H"));
    var hub = L.marker([site[4], site[5]], {
      pane: "plan-hubs", keyboard: false, icon: L.divIcon({ className: "hub-icon", html: mark, iconSize: [24, 24] })
    });
    withFacts(hub, function () { return groupTable(found); }, [10, 0]);
    hub.on("popupopen", function () { reachOf([site[0]]); });
    hub.on("popupclose", reachOfAll);
    hub.on("click", function () { choosePractice(site[3]); });
    hub.addTo(layers.hubs);
  }
  function drawLetters(found) {
    var html = makeElement("span", "group-label", found.short || found.id);
    found.letters = L.marker(found.label, {
      pane: "plan-labels", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "group-icon", html: html, iconSize: [0, 0] })
    }).addTo(layers.labels);
  }
  function drawPlan() {
    colourAreas();
    layers.borders.clearLayers();
    layers.hubs.clearLayers();
    layers.labels.clearLayers();
    drawBorders();
    plan.groups.forEach(function (found) {
      if (found.empty) { return; }
      drawHub(found);
      drawLetters(found);
    });
    reachOfAll();
    makeRoom();
  }
  function reachOf(codes) { if (data.reach && map.hasLayer(layers.reach)) { drawReach(layers.reach, data.reach, codes); } }
  function reachOfAll() {
    reachOf(plan.groups.filter(function (found) { return found.hub >= 0 && !found.empty; }).map(function (found) {
      return data.sites[found.hub][0];
    }));
  }

  /* Letters stand near the middle of their area, but never on each other: a line joins those that had to move. */
  function makeRoom() {
    var placed = [];
    var inside = L.bounds([20, 12], map.getSize().subtract([20, 12]));
    var drawn = plan.groups.filter(function (found) { return !found.empty; });
    var hubs = drawn.filter(function (found) { return found.hub >= 0; }).map(function (found) {
      return map.latLngToLayerPoint(data.sites[found.hub].slice(4, 6));
    });
    var steps = [[0, 0]];
    [0.9, 1.5, 2.3, 3.2, 4.3].forEach(function (r) {
      for (var k = 0; k < 16; k += 1) {
        steps.push([1.5 * r * Math.cos(Math.PI * k / 8), r * Math.sin(Math.PI * k / 8)]);
      }
    });
    layers.labels.eachLayer(function (layer) { if (layer instanceof L.Polyline) { layers.labels.removeLayer(layer); } });
    drawn.forEach(function (found) {
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
    [layers.sites, layers.branches].forEach(function (sites) {
      sites.eachLayer(function (marker) { marker.setRadius((marker.options.main ? 2.6 : 2.1) + 3.6 * near); });
    });
  }

  /* ---- which plan is drawn ---- */

  function nameShown() {
    var title = document.getElementById("map-option");
    var panelTitle = document.getElementById(data.options[chosen].id + "-title");
    if (plan.trial) { title.textContent = "Your trial, not a proposal"; }
    else if (panelTitle) { title.textContent = panelTitle.textContent; }
  }
  function show() {
    plan = trial || data.options[chosen];
    map.closePopup();
    drawPlan();
    nameShown();
  }
  document.addEventListener("option-shown", function (event) {
    data.options.forEach(function (option, index) { if (option.id === event.detail) { chosen = index; } });
    show();
  });
  var offer = document.getElementById("try-map-offer");
  if (offer && data.areaPractices) { offer.hidden = false; } /* only a map that can draw a trial offers to */
  document.addEventListener("trial-changed", function (event) {
    if (!data.areaPractices) { return; }
    var detail = event.detail;
    var middles = areaLayers.map(function (layer) {
      var middle = layer.getBounds().getCenter();
      return [middle.lat, middle.lng];
    });
    trial = detail && detail.on ? planOfTrial(detail, data, middles) : null;
    show();
  });

  document.querySelectorAll("input[name=colouring]").forEach(function (choice) {
    choice.addEventListener("change", function () {
      if (!choice.checked) { return; }
      colouring = choice.value;
      document.documentElement.classList.toggle("by-minutes", colouring === "minutes");
      document.documentElement.classList.toggle("by-change", colouring === "change");
      colourAreas();
    });
  });

  drawLocalities(layers.localities || L.featureGroup(), data);
  if (data.roads) { drawRoads(map, layers.roads, data); }
  if (data.tiles) { addStreetMap(map, layers.tiles, data.tiles); }
  if (data.reach) { layers.reach.on("add", reachOfAll); }
  map.fitBounds(data.bounds, { padding: [8, 8], animate: false });
  map.setMinZoom(Math.max(map.getZoom() - 1, 0));
  show();
  sizeMarks();
  addMapKeys(map, list);
  map.on("zoomend", function () { makeRoom(); sizeMarks(); });
  layers.labels.on("add", makeRoom);
  var resizing = 0;
  map.on("resize", function () {
    window.clearTimeout(resizing);
    resizing = window.setTimeout(function () { map.fitBounds(data.bounds, { padding: [8, 8], animate: false }); }, 150);
  });
}
