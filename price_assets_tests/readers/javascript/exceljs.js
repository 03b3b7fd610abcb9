// ExcelJS: node exceljs.js READERS FILE.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { moment, print } = require("./cells.js");

const [readers, file] = process.argv.slice(2);
const ExcelJS = require(path.join(readers, "exceljs", "dist", "exceljs.min.js"));

const told = (value) => {
  if (!(value instanceof Date)) return value;
  const fields = [value.getUTCFullYear(), value.getUTCMonth() + 1, value.getUTCDate(), value.getUTCHours(), value.getUTCMinutes()];
  return moment(...fields, value.getUTCSeconds(), value.getUTCMilliseconds());
};

(async () => {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(fs.readFileSync(file));
  const sheets = {};
  workbook.eachSheet((sheet) => {
    const cells = (sheets[sheet.name] = {});
    sheet.eachRow((row) => row.eachCell((cell) => (cells[cell.address] = told(cell.value))));
  });
  print(sheets);
})();
