// Comparing what is computed with what is expected, give or take a rounding.

import assert from "node:assert/strict";

/** Numbers, lists and objects of them are equal up to `reach`; all else exactly. */
export function near(actual, expected, reach = 0.0002) {
  const equal = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= reach;
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return Array.isArray(a) === Array.isArray(b) && [...keys].every((key) => equal(a[key], b[key]));
  };
  const told = (value) => JSON.stringify(value);
  assert.ok(equal(actual, expected), `${told(actual)} instead of ${told(expected)}`);
}
