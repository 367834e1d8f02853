"use strict";
/* What the scripts of all pages use. Every text from a file is set with textContent: no markup is built from data. */

function makeElement(tag, className, text) {
  var made = document.createElement(tag);
  if (className) { made.className = className; }
  if (text !== undefined && text !== null) { made.textContent = String(text); }
  return made;
}

function makeTable(title, rows) {
  var box = makeElement("div", "popup");
  var table = makeElement("table");
  var caption = makeElement("caption", "");
  var isolated = makeElement("bdi", "", title);
  caption.appendChild(isolated);
  table.appendChild(caption);
  var body = makeElement("tbody");
  rows.forEach(function (row) {
    if (row[1] === "" || row[1] === null || row[1] === undefined) { return; }
    var line = makeElement("tr");
    var head = makeElement("th", "", row[0]);
    head.scope = "row";
    line.appendChild(head);
    var cell = makeElement("td");
    cell.appendChild(makeElement("bdi", "", row[1]));
    line.appendChild(cell);
    body.appendChild(line);
  });
  table.appendChild(body);
  box.appendChild(table);
  return box;
}

function grouped(number) { return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
function signed(number) { return (number < 0 ? "\u2212" : "+") + grouped(Math.abs(number)); }

/* Rings come as whole numbers: first point, then differences. */
function readShape(shape, units) {
  return shape.map(function (polygon) {
    return polygon.map(function (flat) {
      var x = 0, y = 0, ring = [];
      for (var i = 0; i < flat.length; i += 2) {
        x += flat[i];
        y += flat[i + 1];
        ring.push([y / units, x / units]);
      }
      return ring;
    });
  });
}
