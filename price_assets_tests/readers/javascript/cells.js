// What a reader found, as JSON: sheet → address → a text, a number, a boolean, or a moment.
"use strict";

// A reader's calendar fields, months from 1 → {moment: "2026-11-24T06:00:00.000"}, which has no time zone.
exports.moment = (year, month, day, hour, minute, second, millisecond) => ({
  moment: new Date(Date.UTC(year, month - 1, day, hour, minute, second, millisecond)).toISOString().slice(0, -1),
});

exports.print = (sheets) => process.stdout.write(JSON.stringify(sheets));
