"use strict";
/* Words and tables of a trial. `was` is the option it started from, `is` the trial: each { groups, total, breaches },
   a group { id, name, touched, figures }. Every text is set with textContent. */

var tryTables = (function () {
  var MINUS = "\u2212";

  /* ---- words ---- */

  function count(value) { return Number.isFinite(value) ? grouped(tryFigures.fixed(value, 0)) : "not known"; }
  function minutes(value) { return Number.isFinite(value) ? tryFigures.fixed(value, 1) : "not known"; }
  function percent(share, digits) { return tryFigures.fixed(100 * share, digits) + "%"; }

  /* plain_words.share_in_words: what is neither nobody nor everybody never reads like it. */
  function shareWords(share) {
    if (share > 0 && share < 0.005) { return "under 1%"; }
    return share >= 0.995 && share < 1 ? "over 99%" : percent(share, 0);
  }

  /* group_section.rural_words: never a share that reads as if it lay on the other side of the threshold. */
  function ruralWords(data, one) {
    var threshold = data.rules.threshold;
    var digits = Math.abs(one.share - threshold) < 0.02 ? 1 : 0;
    var rural = one.kind === "rural";
    if ((tryFigures.rounded(one.share, digits + 2) >= threshold) !== rural) {
      return "just " + (rural ? "over " : "under ") + data.rules.thresholdPercent + "%";
    }
    return digits ? percent(one.share, digits) : shareWords(one.share);
  }
  function plural(number, one) { return grouped(number) + " " + one + (number === 1 ? "" : "s"); }
  function practiceName(data, p) { return data.practices[p][1] || data.practices[p][0]; }
  function hubName(data, one) { return data.sites[one.hub][1] || data.sites[one.hub][0]; }
  function groupTitle(group) { return group.id + " " + group.name; }

  function shortWords(one) {
    var short = "Below its minimum: " + count(-one.margin) + " short";
    return one.granted === null ? short + "." : short + "; granted as an exception. Reason: " + one.granted;
  }

  function signedMinutes(change) {
    var text = tryFigures.fixed(Math.abs(change), 1);
    return text === "0.0" ? text : (change < 0 ? MINUS : "+") + text;
  }

  function numberOf(text) { return Number(text.replace(/,/g, "").replace(MINUS, "-")); }

  /* How a figure has changed: as the reader would subtract the two that are shown. */
  function changeOf(kind, was, is) {
    if (kind === "text") { return was === is ? "same" : "changed"; }
    if (kind === "percent" || was === "not known" || is === "not known") { return ""; }
    var change = numberOf(is) - numberOf(was);
    return kind === "minutes" ? signedMinutes(change) : change === 0 ? "0" : signed(change);
  }

  /* Of each figure: its name in the page, its heading, its kind, and its words. */
  function groupFigures(data) {
    var about = data.estimate ? " (estimate)" : "";
    return [
      ["kind", "Kind", "text", function (one) { return one.kind; }],
      ["share", "Patients in rural areas", "percent", function (one) { return ruralWords(data, one); }],
      ["practices", "Practices", "count", function (one) { return count(one.practices); }],
      ["sites", "Sites", "count", function (one) { return count(one.sites); }],
      ["size", "Registered patients", "count", function (one) { return count(one.size); }],
      ["minimum", "Minimum", "count", function (one) { return count(one.minimum); }],
      ["margin", "Margin", "count", function (one) { return signed(one.margin); }],
      ["hub", "Hub", "text", function (one) { return hubName(data, one); }],
      ["mean", "Mean minutes, home to hub" + about, "minutes", function (one) { return minutes(one.mean); }],
      ["longest", "Longest, practice to hub" + about, "minutes", function (one) { return minutes(one.longest); }]
    ];
  }

  function planFigures(data) {
    var about = data.estimate ? " (estimate)" : "";
    return [
      ["groups", "Groups", "count", function (all) { return count(all.groups); }],
      ["rural", "Rural groups", "count", function (all) { return count(all.rural); }],
      ["practices", "Practices in a group", "count", function (all) { return count(all.practices); }],
      ["smallest", "Patients of the smallest group", "count", function (all) { return count(all.smallest); }],
      ["largest", "Patients of the largest group", "count", function (all) { return count(all.largest); }],
      ["exceptions", "Groups below their minimum", "count", function (all) { return count(all.exceptions); }],
      ["shortfall", "Patients short in all", "count", function (all) { return count(all.shortfall); }],
      ["mean", "Mean minutes, home to hub" + about, "minutes", function (all) { return minutes(all.mean); }],
      ["longest", "Longest, practice to hub" + about, "minutes", function (all) { return minutes(all.longest); }],
      ["without", "Patients without a route to their hub", "count", function (all) { return count(all.without); }]
    ];
  }

  /* ---- pieces of a table ---- */

  function scrolling(label, table, className) {
    var box = makeElement("div", "scroll " + (className || ""));
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", label + ", scrolls sideways");
    box.tabIndex = 0;
    box.appendChild(table);
    return box;
  }

  function tableOf(className, caption, heads) {
    var table = makeElement("table", className);
    table.createCaption().appendChild(makeElement("span", "", caption));
    var row = table.createTHead().insertRow();
    heads.forEach(function (head) {
      var made = makeElement("th", head[1] ? "number" : "", head[0]);
      made.scope = "col";
      row.appendChild(made);
    });
    return table;
  }

  function cell(row, text, className) {
    var made = row.insertCell();
    made.className = className || "";
    made.appendChild(makeElement("bdi", "", text));
    return made;
  }

  function rowHead(row, text, scope) {
    var head = makeElement("th");
    head.scope = scope || "row";
    head.appendChild(makeElement("bdi", "", text));
    row.appendChild(head);
    return head;
  }

  function bodyOf(table, group) {
    var body = table.appendChild(makeElement("tbody"));
    body.dataset.group = group.id;
    return body;
  }

  function figureCells(data, row, words) {
    groupFigures(data).forEach(function (figure) {
      cell(row, words(figure), figure[2] === "text" ? "" : "number").dataset.figure = figure[0];
    });
  }

  function groupCells(data, row, one) {
    figureCells(data, row, function (figure) { return figure[3](one); });
    if (one.margin < 0) { row.querySelector("[data-figure=margin] bdi").className = "margin short"; }
  }

  function headsOf(data) {
    return [["Group"]].concat(groupFigures(data).map(function (figure) { return [figure[1], figure[2] !== "text"]; }));
  }

  /* ---- the whole plan ---- */

  function plan(data, option, was, is, touched) {
    var heads = [["Figure"], [option.title, true], ["This trial", true], ["Change", true]];
    var caption = "The whole plan: the trial beside " + option.called;
    var table = tableOf("try-plan", caption, heads);
    var body = table.appendChild(makeElement("tbody"));
    planFigures(data).forEach(function (figure) {
      var then = figure[3](was.total), now = figure[3](is.total);
      var row = body.insertRow();
      row.dataset.figure = figure[0];
      rowHead(row, figure[1]);
      [then, now, changeOf(figure[2], then, now)].forEach(function (text) { cell(row, text, "number"); });
    });
    var row = body.insertRow();
    rowHead(row, "Patients within 30 minutes of their hub");
    cell(row, option.within30, "number");
    cell(row, touched ? "run blueprint score" : option.within30, "number try-words");
    cell(row, "", "number");
    return scrolling(caption, table, "try-narrow");
  }

  /* ---- groups that differ: before, now, change ---- */

  function pairBody(data, option, table, pair) {
    var body = bodyOf(table, pair);
    var state = !pair.was ? ": a new group" : !pair.is ? ": gone, nobody is in it" : "";
    var head = rowHead(body.insertRow(), groupTitle(pair.is || pair.was) + state, "rowgroup");
    head.colSpan = groupFigures(data).length + 1;
    [[pair.was, option.title], [pair.is, "This trial"]].forEach(function (version) {
      if (!version[0]) { return; }
      var row = body.insertRow();
      rowHead(row, version[1]);
      groupCells(data, row, version[0].figures);
    });
    if (!pair.was || !pair.is) { return; }
    var row = body.insertRow();
    row.className = "try-change";
    rowHead(row, "Change");
    figureCells(data, row, function (figure) {
      return changeOf(figure[2], figure[3](pair.was.figures), figure[3](pair.is.figures));
    });
  }

  function touched(data, option, pairs) {
    if (!pairs.length) { return null; }
    var caption = "Groups that differ from " + option.called + ": before, now and the change";
    var table = tableOf("try-compare", caption, headsOf(data));
    pairs.forEach(function (pair) { pairBody(data, option, table, pair); });
    return scrolling(caption, table);
  }

  /* ---- rules that are not met ---- */

  function brokenRules(option, was, is) {
    var box = makeElement("div", "try-broken");
    function key(one) { return JSON.stringify([one.group, one.claim, one.what]); }
    var known = new Set(was.breaches.map(key));
    box.appendChild(makeElement("h3", "", "Rules not met"));
    if (!is.breaches.length) {
      box.appendChild(makeElement("p", "", "None: the trial meets every rule of the rule set."));
      return box;
    }
    box.appendChild(makeElement("p", "", "A rule that is not met forbids nothing here: people would have to agree on it."));
    var list = box.appendChild(makeElement("ul"));
    is.breaches.forEach(function (one) {
      var item = list.appendChild(makeElement("li"));
      item.dataset.group = one.group;
      item.dataset.claim = one.claim;
      item.dataset.what = one.what;
      var words = (one.group || "The whole plan") + ": not met is “" + one.claim + "” (" + one.what + ").";
      item.appendChild(makeElement("bdi", "", words));
      if (known.has(key(one))) { item.appendChild(makeElement("span", "quiet", " So it is in " + option.called + ".")); }
    });
    return box;
  }

  /* ---- all groups, with their practices ---- */

  function practiceButton(data, p, choose) {
    var button = makeElement("button");
    button.type = "button";
    button.appendChild(makeElement("bdi", "", practiceName(data, p) + " (" + data.practices[p][0] + ")"));
    button.appendChild(document.createTextNode(", " + count(data.list[p])));
    button.addEventListener("click", function () { choose(p); });
    return button;
  }

  /* `open` is the set of the ids of the groups whose practices are to be seen; it is kept up to date. */
  function memberList(data, group, open, choose) {
    var details = makeElement("details");
    details.open = open.has(group.id);
    details.addEventListener("toggle", function () { open[details.open ? "add" : "delete"](group.id); });
    details.appendChild(makeElement("summary", "", "Practices of " + group.id + " (" + group.figures.practices + ")"));
    var list = details.appendChild(makeElement("ul", "try-members"));
    group.figures.members.forEach(function (p) {
      list.appendChild(makeElement("li")).appendChild(practiceButton(data, p, choose));
    });
    return details;
  }

  function groupBody(data, table, group, open, choose) {
    var one = group.figures;
    var body = bodyOf(table, group);
    var row = body.insertRow();
    rowHead(row, groupTitle(group) + (group.touched ? " (changed)" : ""));
    groupCells(data, row, one);
    var more = body.insertRow();
    more.className = "remarks";
    var box = more.insertCell();
    box.colSpan = groupFigures(data).length + 1;
    if (one.margin < 0) { box.appendChild(makeElement("p", "", shortWords(one))); }
    tryRules.remarks(data, one).forEach(function (told) { box.appendChild(makeElement("p", "", told)); });
    box.appendChild(memberList(data, group, open, choose));
  }

  function allGroups(data, is, open, choose) {
    var table = tableOf("try-groups", "All groups of this trial", headsOf(data));
    is.groups.forEach(function (group) { groupBody(data, table, group, open, choose); });
    return scrolling("All groups of this trial", table);
  }

  function leftOut(data, practices) {
    if (!practices.length) { return null; }
    var patients = practices.reduce(function (added, p) { return added + data.list[p]; }, 0);
    var line = makeElement("p", "notice", "In no group and in no total: " + plural(practices.length, "practice") + " with " +
      plural(patients, "patient") + ": ");
    line.appendChild(makeElement("bdi", "", practices.map(function (p) {
      return practiceName(data, p) + " (" + data.practices[p][0] + ")";
    }).join("; ")));
    return line;
  }

  return {
    count: count, plural: plural, ruralWords: ruralWords, practiceName: practiceName, groupTitle: groupTitle, plan: plan, touched: touched,
    brokenRules: brokenRules, allGroups: allGroups, leftOut: leftOut
  };
}());
