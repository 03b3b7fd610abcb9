// SheetJS: node sheetjs.js READERS FILE. Without `cellDates`, which shifts by this machine's time zone: numbers are told from moments by their format.
"use strict";

const path = require("node:path");
const { moment, print } = require("./cells.js");

const [readers, file] = process.argv.slice(2);
const XLSX = require(path.join(readers, "xlsx"));

const value = (cell) => {
  const day = cell.t === "n" && XLSX.SSF.is_date(cell.z) && XLSX.SSF.parse_date_code(cell.v);
  return day ? moment(day.y, day.m, day.d, day.H, day.M, day.S, Math.round(day.u * 1000)) : cell.v;
};

const sheets = {};
const workbook = XLSX.readFile(file, { cellNF: true, sheetStubs: false });
for (const name of workbook.SheetNames) {
  const cells = Object.entries(workbook.Sheets[name]).filter(([address]) => !address.startsWith("!"));
  sheets[name] = Object.fromEntries(cells.map(([address, cell]) => [address, value(cell)]));
}
print(sheets);
