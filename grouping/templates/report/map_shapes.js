"use strict";
/* Shapes of the map: edges between areas, borders joined to long lines, and the outlines of cells of a grid. */

/* Every edge of the areas with the areas on its two sides. */
function readEdges(areas) {
  var edges = new Map();
  areas.forEach(function (area, index) {
    area[3].forEach(function (polygon) {
      polygon.forEach(function (flat) {
        var points = readSteps(flat);
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

/* A line sent as its first point, then differences. */
function readSteps(flat) {
  var x = 0, y = 0, points = [];
  for (var i = 0; i < flat.length; i += 2) {
    x += flat[i];
    y += flat[i + 1];
    points.push([x, y]);
  }
  return points;
}

/* Join edges to long lines, so that borders are drawn smoothly and with few elements. */
function joinEdges(edges) {
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
    lines.push(behind.reverse().concat([edge.from, edge.to], ahead));
  });
  return lines;
}

function toLatLon(lines, units) {
  return lines.map(function (line) {
    return line.map(function (point) { return [point[1] / units, point[0] / units]; });
  });
}

/* Cells as text: a capital letter for the class (A is 0), then how many follow in base 36, none for one. */
function readCells(text, count) {
  var cells = new Uint8Array(count);
  var at = 0;
  (text.match(/[A-Z][0-9a-z]*/g) || []).forEach(function (part) {
    var end = at + (part.length > 1 ? parseInt(part.slice(1), 36) : 1);
    cells.fill(part.charCodeAt(0) - 65, at, end);
    at = end;
  });
  return cells;
}

/* Lines between cells of at most this class and cells beyond it, both on land, in columns and rows of the grid. */
function outlineOfCells(cells, land, columns, rows, most) {
  function apart(x, y, otherX, otherY) {
    if (x >= columns || y >= rows || otherX < 0 || otherY < 0) { return false; }
    var one = y * columns + x, other = otherY * columns + otherX;
    return land[one] && land[other] && (cells[one] <= most) !== (cells[other] <= most);
  }
  var edges = [];
  for (var y = 0; y <= rows; y += 1) {
    for (var x = 0; x <= columns; x += 1) {
      if (apart(x, y, x, y - 1)) { edges.push({ from: [x, y], to: [x + 1, y] }); }
      if (apart(x, y, x - 1, y)) { edges.push({ from: [x, y], to: [x, y + 1] }); }
    }
  }
  return joinEdges(edges).map(cutCorners).map(cutCorners);
}

/* A line through the middles of its parts; it stays closed where it is, and keeps its ends where it is not. */
function cutCorners(line) {
  var last = line[line.length - 1];
  var closed = line[0].join() === last.join();
  var middles = line.slice(1).map(function (point, at) {
    return [(point[0] + line[at][0]) / 2, (point[1] + line[at][1]) / 2];
  });
  return closed ? middles.concat(middles.slice(0, 1)) : [line[0]].concat(middles, [last]);
}

/* Latitude and longitude of a place on a grid whose four corners are known: north-west, north-east, south-west, south-east. */
function onGrid(reach, point) {
  var u = point[0] / reach.columns, v = point[1] / reach.rows, c = reach.corners;
  return [0, 1].map(function (i) {
    return (1 - v) * ((1 - u) * c[0][i] + u * c[1][i]) + v * ((1 - u) * c[2][i] + u * c[3][i]);
  });
}
