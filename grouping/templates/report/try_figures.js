"use strict";
/* The figures of a grouping, worked out as the program does: the same sums in the same order, the same rounding.
   Each function names the one of the program that it repeats. Practices and sites are positions. */

var tryFigures = (function () {
  var NO_ROUTE = 0xFFFFFF;
  var MILLISECONDS = 60000;

  /* ---- numbers ---- */

  function bytesOf(text) {
    var binary = window.atob(text);
    var bytes = new Uint8Array(binary.length);
    for (var i = 0; i < binary.length; i += 1) { bytes[i] = binary.charCodeAt(i); }
    return bytes;
  }

  function floats(text) {
    var view = new DataView(bytesOf(text).buffer);
    var values = new Float64Array(view.byteLength / 8);
    for (var i = 0; i < values.length; i += 1) { values[i] = view.getFloat64(8 * i, true); }
    return values;
  }

  function milliseconds(text) {
    var bytes = bytesOf(text);
    var values = new Float64Array(bytes.length / 3);
    for (var i = 0; i < values.length; i += 1) {
      var whole = bytes[3 * i] + 256 * bytes[3 * i + 1] + 65536 * bytes[3 * i + 2];
      values[i] = whole === NO_ROUTE ? Infinity : whole / MILLISECONDS;
    }
    return values;
  }

  /* numpy.sum of a row of numbers: up to eight one after the other, more in eight strands. */
  function sum(values, from, count) {
    var start = from || 0;
    var n = count === undefined ? values.length : count;
    var total = 0;
    var i;
    if (n < 8) {
      for (i = 0; i < n; i += 1) { total += values[start + i]; }
      return total;
    }
    if (n > 128) {
      var half = Math.floor(n / 2);
      half -= half % 8;
      return sum(values, start, half) + sum(values, start + half, n - half);
    }
    var r = Array.prototype.slice.call(values, start, start + 8);
    for (i = 8; i < n - (n % 8); i += 8) {
      for (var k = 0; k < 8; k += 1) { r[k] += values[start + i + k]; }
    }
    total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < n; i += 1) { total += values[start + i]; }
    return total;
  }

  /* numpy.rint: a half goes to the even whole number. */
  function rint(value) {
    return Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
  }

  /* numpy.round(value, 3) */
  function thousandths(value) { return Number.isFinite(value) ? rint(value * 1000) / 1000 : value; }

  /* f"{value:.<digits>f}" of Python: the nearest by the exact binary value, a half to the even digit.
     toFixed is exact too, but takes a half upwards; only a value with few binary places can be a half. */
  function fixed(value, digits) {
    var text = value.toFixed(digits);
    if (!Number.isInteger(value * Math.pow(2, digits + 1))) { return text; }
    var finer = value.toFixed(digits + 1);
    if (finer.slice(-1) !== "5") { return text; }
    var down = finer.slice(0, digits === 0 ? -2 : -1);
    return Number(down.slice(-1)) % 2 === 0 ? down : text;
  }

  /* round(value, digits) of Python */
  function rounded(value, digits) { return Number.isFinite(value) ? Number(fixed(value, digits)) : value; }

  /* ---- the data of the page ---- */

  function read(data) {
    var sites = data.sites.length;
    var found = Object.assign({}, data);
    found.list = data.practices.map(function (practice) { return practice[2]; });
    found.minutes = floats(data.minutes);
    found.drive = data.drive.kind === "milliseconds" ? milliseconds(data.drive.values) : floats(data.drive.values);
    found.blocked = new Map(data.blocked.map(function (row) {
      return [row[0] * sites + row[1], { patients: row[2], minutes: row[3], lost: row[4] }];
    }));
    found.neighbours = data.borders ? neighboursOf(data) : null;
    return found;
  }

  function neighboursOf(data) {
    var lists = data.practices.map(function () { return []; });
    data.borders.forEach(function (pair) {
      lists[pair[0]].push(pair[1]);
      lists[pair[1]].push(pair[0]);
    });
    return lists;
  }

  function at(data, practice, site) { return practice * data.sites.length + site; }

  function drive(data, practice, site) { return data.drive[at(data, practice, site)]; }

  function taken(values, members) { return members.map(function (p) { return values[p]; }); }

  function listed(data, members) {
    return members.reduce(function (total, p) { return total + data.list[p]; }, 0);
  }

  /* ---- assess.best_hub ---- */

  /* Patient-minutes of the members to each site; infinite where somebody who has a route to any site has none. */
  function minutesToAll(data, members) {
    return data.sites.map(function (site, s) {
      return members.reduce(function (total, p) {
        return total + (data.blocked.has(at(data, p, s)) ? Infinity : data.minutes[at(data, p, s)]);
      }, 0);
    });
  }

  function withinLimits(data, members, minutes) {
    var rules = data.rules;
    var timed = sum(taken(data.timed, members));
    return minutes.map(function (total, s) {
      var near = !(rules.toHub > 0) || members.every(function (p) { return drive(data, p, s) <= rules.toHub; });
      return near && (!(rules.meanToHub > 0) || total <= rules.meanToHub * timed + 1e-9);
    });
  }

  function hubPenalty(data, members, site) {
    var weights = data.rules.weights;
    var total = 0;
    if (weights.worstPractice > 0) {
      var longest = Math.max.apply(null, members.map(function (p) { return drive(data, p, site); }));
      total += weights.worstPractice * longest * listed(data, members);
    }
    if (weights.hubCost > 0 && data.rules.hubCost) { total += weights.hubCost * data.rules.hubCost[site]; }
    return total;
  }

  function bestHub(data, members) {
    var minutes = minutesToAll(data, members);
    var near = withinLimits(data, members, minutes);
    var narrower = [
      function (s) { return data.decided.hubs.indexOf(s) >= 0; },
      function (s) { return data.allowed[s] === 1; },
      function (s) { return near[s] && Number.isFinite(minutes[s]); }
    ];
    var eligible = data.sites.map(function (site, s) { return s; }).filter(function (s) {
      return members.indexOf(data.owner[s]) >= 0;
    });
    narrower.forEach(function (keeps) {
      var left = eligible.filter(keeps);
      if (left.length) { eligible = left; }
    });
    var reached = eligible.filter(function (s) { return Number.isFinite(minutes[s]); });
    if (!reached.length) { return eligible.length ? eligible[0] : 0; }
    var weights = data.rules.weights;
    var best = null;
    reached.forEach(function (s) {
      var total = thousandths(minutes[s]);
      var cost = thousandths(weights.minutes * total + hubPenalty(data, members, s) * weights.scale);
      if (!best || cost < best.cost || (cost === best.cost && total < best.total)) {
        best = { site: s, cost: cost, total: total };
      }
    });
    return best.site;
  }

  /* ---- a row of groups.csv: assess._groups_table ---- */

  /* assess.hub_travel of practices, each beside its hub: [practice, hub], ascending. Patients with a route to the hub
     and their minutes, those cut off from it, and all without a route. */
  function travel(data, pairs) {
    var patients = [], minutes = [], lost = 0, without = 0;
    pairs.forEach(function (pair) {
      var practice = pair[0], place = at(data, practice, pair[1]);
      var blocked = data.blocked.get(place);
      patients.push(blocked ? blocked.patients : data.timed[practice]);
      minutes.push(blocked ? blocked.minutes : data.minutes[place]);
      lost += blocked ? blocked.lost : 0;
      without += data.untimed[practice] + (blocked ? blocked.lost : 0);
    });
    return { patients: sum(patients), minutes: sum(minutes), lost: lost, without: without };
  }

  function pairsOf(members, hub) { return members.map(function (p) { return [p, hub]; }); }

  function mean(part) { return part.patients > 0 ? part.minutes / part.patients : NaN; }

  /* membership.main_locality: the position of its label, -1 without one. Ties go to the smaller label. */
  function mainLocality(data, members) {
    var totals = new Map();
    members.forEach(function (p) {
      var label = data.locality[p];
      if (label >= 0) { totals.set(label, (totals.get(label) || 0) + data.list[p]); }
    });
    var best = -1;
    totals.forEach(function (total, label) {
      if (best < 0 || total > totals.get(best) || (total === totals.get(best) && label < best)) { best = label; }
    });
    return best;
  }

  function sameMembers(one, other) {
    return one.length === other.length && one.every(function (p, i) { return p === other[i]; });
  }

  function grantedReason(data, members) {
    var found = data.decided.granted.find(function (grant) { return sameMembers(grant[0], members); });
    return found ? found[1] : null;
  }

  function figures(data, members, hub) {
    var size = listed(data, members);
    var exact = size ? sum(taken(data.rural, members)) / size : 0;
    var rural = exact >= data.rules.threshold - 1e-9;
    var locality = mainLocality(data, members);
    var limits = data.limits[locality + 1];
    var minimum = limits[rural ? 1 : 0];
    var drives = members.map(function (p) { return drive(data, p, hub); });
    var longest = Math.max.apply(null, drives);
    var journeys = travel(data, pairsOf(members, hub));
    var short = size < minimum;
    var reason = short ? grantedReason(data, members) : null;
    return {
      members: members, hub: hub, practices: members.length,
      sites: members.reduce(function (total, p) { return total + data.ownSites[p]; }, 0),
      size: size, share: rounded(exact, 6), kind: rural ? "rural" : "urban", locality: locality,
      minimum: minimum, minimumUrban: limits[0], minimumRural: limits[1], maximum: limits[rural ? 3 : 2],
      margin: size - minimum, granted: reason, exception: short && reason === null,
      travel: journeys, exactMean: mean(journeys), mean: rounded(mean(journeys), 3),
      exactLongest: longest, longest: Number.isFinite(longest) ? rounded(longest, 3) : NaN
    };
  }

  /* ---- the whole plan: assess._headline ---- */

  function most(values) {
    var known = values.filter(function (value) { return !Number.isNaN(value); });
    return known.length ? Math.max.apply(null, known) : NaN;
  }

  function total(data, groups) {
    var all = groups.map(function (group) { return group.figures; });
    var short = all.filter(function (one) { return one.exception; });
    function adding(value) { return all.reduce(function (added, one) { return added + value(one); }, 0); }
    var pairs = [].concat.apply([], all.map(function (one) { return pairsOf(one.members, one.hub); }));
    var journeys = travel(data, pairs.sort(function (one, other) { return one[0] - other[0]; }));
    var sizes = all.map(function (one) { return one.size; });
    return {
      groups: all.length, practices: adding(function (one) { return one.practices; }),
      rural: all.filter(function (one) { return one.kind === "rural"; }).length,
      smallest: sizes.length ? Math.min.apply(null, sizes) : NaN, largest: most(sizes),
      exceptions: short.length,
      shortfall: short.reduce(function (added, one) { return added - one.margin; }, 0),
      mean: mean(journeys), without: journeys.without,
      longest: most(all.map(function (one) { return one.longest; }))
    };
  }

  /* ---- names: assess._group_names, for groups in the order of their ids ---- */

  function names(data, groups) {
    var plain = groups.map(function (group) {
      var label = group.figures.locality;
      return label >= 0 ? data.localities[label] : "Around " + data.sites[group.figures.hub][1];
    });
    var seen = new Map();
    return plain.map(function (name) {
      seen.set(name, (seen.get(name) || 0) + 1);
      var shared = plain.filter(function (other) { return other === name; }).length > 1;
      return shared ? name + " " + seen.get(name) : name;
    });
  }

  /* sorted() of Python goes by code point, a script by half of one. */
  function byCodePoint(one, other) {
    var a = Array.from(one), b = Array.from(other);
    for (var i = 0; i < Math.min(a.length, b.length); i += 1) {
      if (a[i] !== b[i]) { return a[i].codePointAt(0) - b[i].codePointAt(0); }
    }
    return a.length - b.length;
  }

  return {
    read: read, sum: sum, rint: rint, fixed: fixed, rounded: rounded, bestHub: bestHub, figures: figures, total: total,
    names: names, drive: drive, sameMembers: sameMembers, byCodePoint: byCodePoint
  };
}());
