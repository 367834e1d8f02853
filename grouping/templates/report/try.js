"use strict";
/* "Try your own grouping": moves, undo, the controls and the file. Figures come from tryFigures, broken rules from
   tryRules, tables from tryTables. A grouping is never changed, a move makes another: to undo is to take the one before.
   It tells the map of itself by the event `trial-changed` and hears from it by `practice-chosen`. */

(function () {
  var element = document.getElementById("try-data");
  if (!element) { return; }
  var data = tryFigures.read(JSON.parse(element.textContent));
  var NOBODY = -1;
  var plural = tryTables.plural;
  var parts = {};
  ["start", "restart", "sure", "sure-words", "sure-yes", "sure-no", "practice", "to", "move", "undo", "reset", "save",
    "map", "said", "figures", "csv"].forEach(function (id) { parts[id] = document.getElementById("try-" + id); });

  /* ---- groupings: { start, groups: [{ id, colour }], groupOf: position of the group of each practice } ---- */

  function beginning(start) {
    var option = data.options[start];
    var groupOf = data.practices.map(function () { return NOBODY; });
    option.groups.forEach(function (group, g) { group.members.forEach(function (p) { groupOf[p] = g; }); });
    return {
      start: start, groupOf: groupOf,
      groups: option.groups.map(function (group) { return { id: group.id, colour: group.colour }; })
    };
  }

  function membersOf(grouping, g) {
    var members = [];
    grouping.groupOf.forEach(function (of, p) { if (of === g) { members.push(p); } });
    return members;
  }

  /* A group that is as in the option keeps the hub it has there; any other gets the best one. */
  function groupAt(grouping, g, members) {
    var own = data.options[grouping.start].groups[g];
    var same = Boolean(own) && tryFigures.sameMembers(own.members, members);
    var hub = same ? own.hub : tryFigures.bestHub(data, members);
    return {
      id: grouping.groups[g].id, at: g, touched: !same, figures: tryFigures.figures(data, members, hub)
    };
  }

  /* The groups that hold somebody, in the order of their ids, with all that is said of them. */
  function assessed(grouping) {
    var groups = [];
    grouping.groups.forEach(function (group, g) {
      var members = membersOf(grouping, g);
      if (members.length) { groups.push(groupAt(grouping, g, members)); }
    });
    groups.sort(function (one, other) { return tryFigures.byCodePoint(one.id, other.id); });
    tryFigures.names(data, groups).forEach(function (name, i) { groups[i].name = name; });
    return {
      groups: groups, total: tryFigures.total(data, groups), breaches: tryRules.breaches(data, groups),
      byPlace: new Map(groups.map(function (group) { return [group.at, group]; }))
    };
  }

  function freshId(grouping) {
    var known = new Set(grouping.groups.map(function (group) { return group.id.toUpperCase(); }));
    var number = 1;
    while (known.has("N" + number)) { number += 1; }
    return "N" + number;
  }

  function freshColour(grouping) {
    var used = new Array(data.palette).fill(0);
    grouping.groups.forEach(function (group, g) { if (membersOf(grouping, g).length) { used[group.colour] += 1; } });
    return used.indexOf(Math.min.apply(null, used));
  }

  function madeHere(grouping, g) { return g >= data.options[grouping.start].groups.length; }

  /* A new group is one that was made here and is empty again, else one more. */
  function placeOfNew(grouping) {
    var empty = grouping.groups.findIndex(function (group, g) {
      return madeHere(grouping, g) && !membersOf(grouping, g).length;
    });
    return empty < 0 ? grouping.groups.length : empty;
  }

  function moved(grouping, practice, to) {
    var groups = grouping.groups.slice();
    if (to === groups.length) { groups.push({ id: freshId(grouping), colour: freshColour(grouping) }); }
    var groupOf = grouping.groupOf.slice();
    groupOf[practice] = to;
    return { start: grouping.start, groups: groups, groupOf: groupOf };
  }

  function isTouched(grouping) {
    var from = beginning(grouping.start);
    return grouping.groupOf.some(function (g, p) { return g !== from.groupOf[p]; });
  }

  var now = beginning(0);
  var before = assessed(now);
  var shown = before;
  var steps = [];
  var openGroups = new Set();

  function option() { return data.options[now.start]; }
  function nameOf(p) { return tryTables.practiceName(data, p); }
  function say(words) { parts.said.textContent = words; }

  /* ---- controls ---- */

  function fill(select, entries) {
    var kept = select.value;
    select.textContent = "";
    entries.forEach(function (entry) {
      var choice = makeElement("option", "", entry[1]);
      choice.value = entry[0];
      select.appendChild(choice);
    });
    if (entries.some(function (entry) { return String(entry[0]) === kept; })) { select.value = kept; }
  }

  var byName = data.practices.map(function (practice, p) { return p; }).sort(function (p, q) {
    return tryFigures.byCodePoint(nameOf(p).toLowerCase(), nameOf(q).toLowerCase()) || p - q;
  });

  function fillPractices() {
    fill(parts.practice, byName.map(function (p) {
      var g = now.groupOf[p];
      return [p, nameOf(p) + " (" + data.practices[p][0] + "), " + (g === NOBODY ? "in no group" : "now in " + now.groups[g].id)];
    }));
  }

  /* Where a practice can go: value and words. Nothing is chosen at first, so a second click moves nobody. */
  function destinations(practice) {
    var from = now.groupOf[practice];
    var places = now.groups.map(function (group, g) { return g; }).filter(function (g) {
      return g !== from && (shown.byPlace.has(g) || !madeHere(now, g));
    }).sort(function (g, h) { return tryFigures.byCodePoint(now.groups[g].id, now.groups[h].id); });
    var entries = [["", "Choose a group"]].concat(places.map(function (g) {
      var group = shown.byPlace.get(g);
      var words = group ? tryTables.groupTitle(group) + ", " + plural(group.figures.size, "patient") : now.groups[g].id + ", empty";
      return [g, words];
    }), [["new", "A new group"]]);
    if (data.leftOut && from !== NOBODY) { entries.push(["none", "No group: leave it out"]); }
    return entries;
  }

  function fillDestinations() { fill(parts.to, destinations(Number(parts.practice.value))); }

  function choose(practice) {
    parts.practice.value = String(practice);
    fillDestinations();
    parts.practice.scrollIntoView({ block: "center" });
    parts.to.focus({ preventScroll: true });
    say(nameOf(practice) + " is chosen. Choose where to move it, then Move.");
  }

  /* ---- the file ---- */

  /* Codes with hidden characters stand in the data spelt out; the file needs them as the case has them. */
  function rawCode(raw, at, code) { return raw[at] ? String.fromCharCode.apply(null, raw[at]) : code; }

  function quoted(text) { return /[",;\t|\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text; }

  function planText() {
    var lines = ["practice_code,group_id,hub_site_code"];
    now.groupOf.forEach(function (g, p) {
      if (g === NOBODY) { return; }
      var hub = shown.byPlace.get(g).figures.hub;
      var row = [rawCode(data.rawCodes, p, data.practices[p][0]), now.groups[g].id, rawCode(data.rawSites, hub, data.sites[hub][0])];
      lines.push(row.map(quoted).join(","));
    });
    return lines.join("\n") + "\n";
  }

  function save() {
    if (!shown.groups.length) { say("There is nothing to download: nobody is in a group."); return; }
    var address = URL.createObjectURL(new Blob([planText()], { type: "text/csv;charset=utf-8" }));
    var link = makeElement("a");
    link.href = address;
    link.download = "plan.csv";
    document.body.appendChild(link);
    link.click();
    link.remove();
    window.setTimeout(function () { URL.revokeObjectURL(address); }, 60000);
    say("plan.csv goes to your downloads: " + plural(shown.total.practices, "practice") + " in " +
      plural(shown.total.groups, "group") + ". It goes nowhere else.");
  }

  /* ---- putting it together ---- */

  /* Groups of the option and of the trial that are not the same, in the order of their ids. */
  function touchedPairs() {
    return now.groups.map(function (group, g) {
      return { id: group.id, was: before.byPlace.get(g), is: shown.byPlace.get(g) };
    }).filter(function (pair) {
      return (pair.was && !pair.is) || (pair.is && pair.is.touched);
    }).sort(function (one, other) { return tryFigures.byCodePoint(one.id, other.id); });
  }

  var onMap = false;

  /* The map draws the trial while it is asked to, and is told once when it is not any more. */
  function tellMap() {
    if (!parts.map.checked && !onMap) { return; }
    onMap = parts.map.checked;
    document.dispatchEvent(new CustomEvent("trial-changed", {
      detail: {
        on: onMap, groupOf: now.groupOf.slice(),
        groups: now.groups.map(function (group, g) {
          var is = shown.byPlace.get(g);
          return {
            id: group.id, name: is ? is.name : "", colour: group.colour, hub: is ? data.sites[is.figures.hub][0] : ""
          };
        })
      }
    }));
  }

  function drawFigures() {
    var touched = isTouched(now);
    parts.figures.textContent = "";
    [
      makeElement("h3", "", "The trial beside " + option().called),
      touched ? null : makeElement("p", "", "No practice has been moved yet: the trial is " + option().called + "."),
      tryTables.leftOut(data, membersOf(now, NOBODY)),
      tryTables.plan(data, option(), before, shown, touched),
      tryTables.touched(data, option(), touchedPairs()),
      tryTables.brokenRules(option(), before, shown),
      makeElement("h3", "", "All groups of this trial"),
      tryTables.allGroups(data, shown, openGroups, choose)
    ].forEach(function (part) { if (part) { parts.figures.appendChild(part); } });
    return touched;
  }

  function show() {
    shown = assessed(now);
    var touched = drawFigures();
    fillPractices();
    fillDestinations();
    if (parts.start) {
      parts.start.value = String(now.start);
      parts.sure.hidden = true;
    }
    document.getElementById("try").classList.toggle("has-moves", touched); /* else it is not printed */
    parts.reset.textContent = "Back to " + option().called;
    parts.undo.setAttribute("aria-disabled", String(!steps.length));
    parts.reset.setAttribute("aria-disabled", String(!touched));
    parts.csv.value = planText();
    tellMap();
  }

  function take(grouping) {
    if (grouping.start !== now.start) { before = assessed(beginning(grouping.start)); }
    now = grouping;
    show();
  }

  function step(grouping) {
    steps.push(now);
    take(grouping);
  }

  /* What a move did, in a few words: who is where, which groups are new, gone or short. */
  function moveWords(practice, from, to, earlier) {
    function label(g) { return g === NOBODY ? "no group" : now.groups[g].id; }
    var words = nameOf(practice) + " moved from " + label(from) + " to " + label(to) + ".";
    [from, to].filter(function (g) { return g !== NOBODY; }).forEach(function (g) {
      var is = shown.byPlace.get(g);
      if (!is) { words += " " + label(g) + " is gone: nobody is in it."; }
      if (is && !earlier.byPlace.has(g)) { words += " " + label(g) + " is new."; }
      if (is && is.figures.margin < 0) { words += " " + label(g) + " is " + tryTables.count(-is.figures.margin) + " below its minimum."; }
    });
    var broken = shown.breaches.length;
    return words + " " + (broken ? "Rules not met: " + broken + "." : "All rules are met.");
  }

  /* Moves a practice to what `select` says. */
  function move(practice, select) {
    var wanted = select.value;
    if (wanted === "") {
      say("Choose where to move " + nameOf(practice) + " first.");
      select.focus();
      return;
    }
    var to = wanted === "new" ? placeOfNew(now) : wanted === "none" ? NOBODY : Number(wanted);
    var from = now.groupOf[practice], earlier = shown;
    step(moved(now, practice, to));
    parts.to.value = "";
    say(moveWords(practice, from, to, earlier));
  }

  /* The same choice in the popup of a site on the map. */
  function choiceInPopup(popup, practice) {
    var box = popup.appendChild(makeElement("p", "try-choice"));
    var label = box.appendChild(makeElement("label", "", "Move "));
    label.appendChild(makeElement("bdi", "", nameOf(practice)));
    label.appendChild(document.createTextNode(" to "));
    var select = label.appendChild(makeElement("select"));
    fill(select, destinations(practice));
    var button = box.appendChild(makeElement("button", "", "Move"));
    button.type = "button";
    button.addEventListener("click", function () {
      var map = popup.closest(".leaflet-container");
      move(practice, select);
      if (map && !popup.isConnected) { map.focus({ preventScroll: true }); } /* a move closes the popup */
    });
  }

  function undo() {
    if (!steps.length) { say("There is nothing to undo."); return; }
    take(steps.pop());
    say("Undone. " + (steps.length ? plural(steps.length, "step") + " can still be undone." : "This is where you began."));
  }

  function startFrom(start) {
    if (start === now.start && !isTouched(now)) { say("The trial is " + option().called + " already."); return; }
    step(beginning(start));
    say("The trial is " + option().called + " again. Undo brings back what was before.");
  }

  /* Moves are not put aside without asking, in the page itself. */
  function ask() {
    if (!isTouched(now)) { startFrom(Number(parts.start.value)); return; }
    var wanted = data.options[Number(parts.start.value)].called;
    parts["sure-words"].textContent = "Starting from " + wanted + " puts your moves aside. Start again?";
    parts.sure.hidden = false;
    parts["sure-yes"].focus();
  }

  function keep() {
    parts.start.value = String(now.start);
    parts.sure.hidden = true;
    parts.restart.focus();
    say("Your moves are kept.");
  }

  parts.practice.addEventListener("change", fillDestinations);
  parts.move.addEventListener("click", function () { move(Number(parts.practice.value), parts.to); });
  parts.undo.addEventListener("click", undo);
  parts.reset.addEventListener("click", function () { startFrom(now.start); });
  parts.save.addEventListener("click", save);
  parts.map.addEventListener("change", tellMap);
  if (parts.start) {
    parts.restart.addEventListener("click", ask);
    parts["sure-no"].addEventListener("click", keep);
    parts["sure-yes"].addEventListener("click", function () {
      startFrom(Number(parts.start.value));
      parts.restart.focus();
    });
  }
  document.addEventListener("practice-chosen", function (event) {
    var practice = data.practices.findIndex(function (one) { return one[0] === event.detail; });
    if (!parts.map.checked || practice < 0) { return; }
    var popups = document.querySelectorAll("#map .leaflet-popup-content");
    if (!popups.length) { choose(practice); return; }
    parts.practice.value = String(practice);
    fillDestinations();
    choiceInPopup(popups[popups.length - 1], practice);
  });
  show();
}());
