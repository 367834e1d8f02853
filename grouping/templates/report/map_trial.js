"use strict";
/* A grouping that a reader tries, as the map draws options: which group each area goes with, and where letters stand. */

/* Group of each area: the one whose practices have most of its registrations; of two with as many, the smaller id. */
function areasOfTrial(areaPractices, groupOf, ids) {
  return areaPractices.map(function (flat) {
    var sums = new Map();
    var practice = 0;
    for (var i = 0; i < flat.length; i += 2) {
      practice += flat[i];
      var group = groupOf[practice];
      if (group >= 0) { sums.set(group, (sums.get(group) || 0) + flat[i + 1]); }
    }
    var best = -1;
    sums.forEach(function (patients, group) {
      var more = best < 0 ? 1 : patients - sums.get(best);
      if (more > 0 || (more === 0 && ids[group] < ids[best])) { best = group; }
    });
    return best;
  });
}

/* Of the areas of a group the one nearest to the middle of them all: letters stand in it. */
function middleOf(areas, middles, otherwise) {
  if (!areas.length) { return otherwise; }
  var mean = [0, 1].map(function (i) {
    return areas.reduce(function (sum, area) { return sum + middles[area][i]; }, 0) / areas.length;
  });
  function away(area) { return Math.hypot(middles[area][0] - mean[0], (middles[area][1] - mean[1]) * 0.63); }
  return middles[areas.reduce(function (best, area) { return away(area) < away(best) ? area : best; }, areas[0])];
}

/* Most letters that a map has room for, as in grouping/maps/letters.py: with longer ids all groups are numbered. */
var LONGEST_LETTERS = 6;

function planOfTrial(trial, data, middles) {
  var ids = trial.groups.map(function (group) { return String(group.id); });
  var tooLong = ids.some(function (id) { return Array.from(id).length > LONGEST_LETTERS; });
  var areaGroup = areasOfTrial(data.areaPractices, trial.groupOf, ids);
  var groups = trial.groups.map(function (group, position) {
    var hub = data.sites.findIndex(function (site) { return site[0] === group.hub; });
    var members = [];
    trial.groupOf.forEach(function (of, practice) { if (of === position) { members.push(practice); } });
    var areas = [];
    areaGroup.forEach(function (of, area) { if (of === position) { areas.push(area); } });
    var anywhere = hub >= 0 ? data.sites[hub].slice(4, 6) : data.bounds[0];
    return {
      id: ids[position], short: tooLong ? String(position + 1) : "", name: String(group.name || ""), colour: group.colour % data.hatches.length, hub: hub,
      members: members, label: middleOf(areas, middles, anywhere), empty: !members.length
    };
  });
  return { id: "trial", trial: true, groups: groups, practiceGroup: trial.groupOf, areaGroup: areaGroup };
}
