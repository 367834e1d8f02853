"use strict";
/* Which rules a grouping breaks: those that `blueprint score` names, in its words (see grouping/verify).
   A group is { id, figures }; every finding is { group (its id, or nothing for the whole plan), claim, what }. */

var tryRules = (function () {
  var SLACK = 1e-9;
  var fixed = tryFigures.fixed;

  function codes(data, members) {
    return members.map(function (p) { return data.practices[p][0]; }).join(", ");
  }

  function patients(size) { return grouped(size) + " patients"; }

  /* ---- groups by themselves: each rule tells what is wrong with a group, as a list of words ---- */

  function tooLarge(data, one) {
    return one.size > one.maximum && one.practices > 1 ? [patients(one.size)] : [];
  }

  function neverShort(data, one) {
    var inside = one.members.filter(function (p) { return data.decided.never.indexOf(p) >= 0; });
    return one.exception && inside.length ? [codes(data, inside) + " among " + patients(one.size)] : [];
  }

  function practiceCount(data, one) {
    var rules = data.rules;
    var oversize = one.practices === 1 && one.size > one.maximum;
    var few = one.practices < rules.fewestPractices && !oversize;
    var many = rules.mostPractices > 0 && one.practices > rules.mostPractices;
    return few || many ? [one.practices + " practices"] : [];
  }

  function vulnerable(data, one) {
    var flags = data.rules.vulnerable;
    if (!flags) { return []; }
    var number = one.members.filter(function (p) { return flags[p] === 1; }).length;
    var off = number / one.practices > data.rules.vulnerableShare + SLACK;
    return off ? [number + " of " + one.practices + " practices"] : [];
  }

  /* Not asked: a group below its minimum, one without a minimum, a single practice above its maximum. */
  function afterLoss(data, one) {
    var flags = data.rules.canBeLost;
    if (!flags || one.margin < 0 || one.minimum <= 1 || (one.practices === 1 && one.size > one.maximum)) { return []; }
    var lost = one.members.filter(function (p) { return flags[p] === 1; }).map(function (p) { return data.list[p]; });
    if (!lost.length) { return []; }
    var left = one.size - Math.max.apply(null, lost);
    var off = left / one.minimum < data.rules.keepsShare - SLACK;
    return off ? [patients(left) + " left, the minimum is " + grouped(one.minimum)] : [];
  }

  function between(data, one) {
    if (!(data.rules.between > 0)) { return []; }
    var worst = 0;
    one.members.forEach(function (p) {
      one.members.forEach(function (q) {
        if (p !== q) { worst = Math.max(worst, tryFigures.drive(data, p, data.main[q])); }
      });
    });
    if (!(worst > data.rules.between + SLACK)) { return []; }
    return [Number.isFinite(worst) ? fixed(worst, 1) + " minutes" : "no route"];
  }

  function toHub(data, one) {
    if (!(data.rules.toHub > 0)) { return []; }
    return one.members.filter(function (p) {
      return tryFigures.drive(data, p, one.hub) > data.rules.toHub + SLACK;
    }).map(function (p) {
      var minutes = tryFigures.drive(data, p, one.hub);
      return data.practices[p][0] + " " + (Number.isFinite(minutes) ? fixed(minutes, 1) : "inf") + " minutes";
    });
  }

  function meanToHub(data, one) {
    var limit = data.rules.meanToHub;
    return limit > 0 && one.exactMean > limit + SLACK ? [fixed(one.exactMean, 2) + " minutes"] : [];
  }

  function wrongHub(data, one) {
    var code = data.sites[one.hub][0];
    var owner = data.owner[one.hub];
    if (one.members.indexOf(owner) < 0) {
      return [code + " belongs to " + data.practices[owner][0] + ", which is not a member"];
    }
    var objection = data.objections[one.hub];
    return objection ? [code + " is " + objection] : [];
  }

  function decidedHub(data, one) {
    var mine = data.decided.hubs.filter(function (s) { return one.members.indexOf(data.owner[s]) >= 0; });
    if (mine.length > 1) {
      var named = mine.map(function (s) { return data.sites[s][0]; }).join(", ");
      return ["holds " + mine.length + " of them: " + named];
    }
    return mine.length && mine[0] !== one.hub
      ? [data.sites[one.hub][0] + " instead of " + data.sites[mine[0]][0]] : [];
  }

  function cutOff(data, one) {
    var lost = one.travel.lost;
    return lost > 0 ? [grouped(fixed(lost, 0)) + " patients without a route"] : [];
  }

  function parts(data, members) {
    var left = new Set(members);
    var number = 0;
    while (left.size) {
      number += 1;
      var open = [left.values().next().value];
      left.delete(open[0]);
      while (open.length) {
        data.neighbours[open.pop()].forEach(function (q) { if (left.delete(q)) { open.push(q); } });
      }
    }
    return number;
  }

  function inOnePart(data, one) {
    var number = data.neighbours ? parts(data, one.members) : 1;
    return number > 1 ? [number + " separate parts"] : [];
  }

  function localities(data, one) {
    return new Set(one.members.map(function (p) { return data.locality[p]; }).filter(function (label) {
      return label >= 0;
    })).size;
  }

  function crosses(data, one) { return data.rules.inside && localities(data, one) > 1 ? ["crosses one"] : []; }

  function holdsApart(data, one) {
    return data.decided.apart.filter(function (pair) {
      return pair.every(function (p) { return one.members.indexOf(p) >= 0; });
    }).map(function (pair) { return "holds " + data.practices[pair[0]][0] + " and " + data.practices[pair[1]][0]; });
  }

  var OF_A_GROUP = [
    ["never", neverShort], ["maximum", tooLarge], ["practices", practiceCount], ["vulnerable", vulnerable],
    ["afterLoss", afterLoss],
    ["between", between], ["toHub", toHub], ["meanToHub", meanToHub], ["hub", wrongHub], ["decidedHub", decidedHub],
    ["cutOff", cutOff], ["contiguity", inOnePart], ["inside", crosses], ["apart", holdsApart]
  ];

  /* ---- several groups, or the whole plan ---- */

  /* Practices that belong together but do not share a group: told of each group that holds one of them. */
  function split(groups, members, what) {
    var holding = groups.filter(function (group) {
      return group.figures.members.some(function (p) { return members.indexOf(p) >= 0; });
    });
    return holding.length > 1 ? holding.map(function (group) { return [group.id, what]; }) : [];
  }

  function splitTags(data, groups) {
    return [].concat.apply([], data.decided.tags.map(function (tag) {
      return split(groups, tag[1], "the practices tagged " + tag[0] + " are split");
    }));
  }

  function splitTogether(data, groups) {
    return [].concat.apply([], data.decided.together.map(function (members) {
      return split(groups, members, codes(data, members) + " are split");
    }));
  }

  function lockOf(data, group) {
    return data.decided.locked.find(function (lock) { return tryFigures.sameMembers(lock[0], group.figures.members); });
  }

  function brokenLocks(data, groups) {
    return [].concat.apply([], data.decided.locked.map(function (lock) {
      if (groups.some(function (group) { return lockOf(data, group) === lock; })) { return []; }
      return groups.filter(function (group) {
        return group.figures.members.some(function (p) { return lock[0].indexOf(p) >= 0; });
      }).map(function (group) { return [group.id, "is not the group decided with " + data.practices[lock[0][0]][0]]; });
    }));
  }

  function lockedHubs(data, groups) {
    return groups.filter(function (group) {
      var lock = lockOf(data, group);
      return lock && lock[1] >= 0 && lock[1] !== group.figures.hub;
    }).map(function (group) {
      var named = data.sites[lockOf(data, group)[1]][0];
      return [group.id, data.sites[group.figures.hub][0] + ", where " + named + " was decided"];
    });
  }

  function shortGroups(data, groups) {
    var short = groups.filter(function (group) { return group.figures.exception; });
    if (data.rules.exceptions < 0 || short.length <= data.rules.exceptions) { return []; }
    return short.map(function (group) {
      return [group.id, grouped(-group.figures.margin) + " short of " + grouped(group.figures.minimum)];
    });
  }

  function tooManyCross(data, groups) {
    var limit = data.rules.crossing;
    var crossing = groups.filter(function (group) { return localities(data, group.figures) > 1; });
    if (limit < 0 || crossing.length <= limit) { return []; }
    return crossing.map(function (group) { return [group.id, "crosses one"]; });
  }

  function numberOfGroups(data, groups) {
    var least = data.rules.fewestGroups, most = data.rules.mostGroups;
    var off = groups.length < least || (most > 0 && groups.length > most);
    return off ? [["", groups.length + " groups"]] : [];
  }

  function overBudget(data, groups) {
    var budget = data.rules.budget;
    if (!(budget > 0) || !data.rules.hubCost) { return []; }
    var cost = groups.reduce(function (added, group) { return added + data.rules.hubCost[group.figures.hub]; }, 0);
    return cost > budget * (1 + SLACK) ? [["", grouped(fixed(cost, 0)) + " pounds a year"]] : [];
  }

  /* Groups that stand by decision are excused from the rules of OF_A_GROUP and from `tags` and `together`. */
  var OF_THE_PLAN = [
    ["minimum", shortGroups, false], ["tags", splitTags, true], ["together", splitTogether, true],
    ["lockedHub", lockedHubs, false], ["locked", brokenLocks, false], ["groups", numberOfGroups, false],
    ["crossing", tooManyCross, false], ["budget", overBudget, false]
  ];

  function breaches(data, groups) {
    var found = [];
    var excused = new Set(groups.filter(function (group) { return lockOf(data, group); }).map(function (group) {
      return group.id;
    }));
    OF_THE_PLAN.forEach(function (rule) {
      rule[1](data, groups).forEach(function (fault) {
        if (!rule[2] || !excused.has(fault[0])) { found.push({ group: fault[0], claim: data.claims[rule[0]], what: fault[1] }); }
      });
    });
    groups.forEach(function (group) {
      if (excused.has(group.id)) { return; }
      OF_A_GROUP.forEach(function (rule) {
        rule[1](data, group.figures).forEach(function (what) {
          found.push({ group: group.id, claim: data.claims[rule[0]], what: what });
        });
      });
    });
    return found;
  }

  /* ---- remarks on size and rurality: grouping/remarks.py ---- */

  function remarks(data, one) {
    var told = [];
    if (one.size > one.maximum && one.practices === 1) {
      told.push("A single practice of " + grouped(one.size) + " patients, above the maximum of " + grouped(one.maximum) +
        ": it stands alone.");
    }
    if (Math.abs(one.share - data.rules.threshold) <= data.rules.near) {
      told.push("Rural share " + fixed(one.share * 100, 1) + "% is within " + data.rules.nearPoints +
        " points of the threshold: as urban the minimum is " + grouped(one.minimumUrban) + " (margin " +
        signed(one.size - one.minimumUrban) + "), as rural " + grouped(one.minimumRural) + " (margin " +
        signed(one.size - one.minimumRural) + ").");
    }
    return told;
  }

  return { breaches: breaches, remarks: remarks };
}());
