import * as fc from "fast-check";
import { expect, test } from "vitest";

import { licenceHolds, parseLicence } from "./spdx-expression.ts";

function holds(text: string, fine: readonly string[]): boolean | string {
  const parsed = parseLicence(text);
  if (!parsed.ok) return parsed.error;
  return licenceHolds(parsed.value, (id, exception) =>
    fine.includes(exception === null ? id : `${id} WITH ${exception}`),
  );
}

test.each([
  ["MIT", ["MIT"], true],
  ["MIT", ["ISC"], false],
  ["(MIT OR GPL-3.0-only)", ["MIT"], true],
  ["MIT AND Zlib", ["MIT"], false],
  ["MIT and Zlib", ["MIT", "Zlib"], true],
  // AND binds closer than OR.
  ["GPL-2.0-only OR MIT AND Zlib", ["MIT"], false],
  ["GPL-2.0-only OR MIT AND Zlib", ["GPL-2.0-only"], true],
  ["(GPL-2.0-only OR MIT) AND Zlib", ["MIT", "Zlib"], true],
  ["GPL-2.0-or-later WITH Bison-exception-2.2", ["GPL-2.0-or-later"], false],
  ["GPL-2.0-or-later WITH Bison-exception-2.2", ["GPL-2.0-or-later WITH Bison-exception-2.2"], true],
  ["LGPL-2.1+", ["LGPL-2.1+"], true],
] as const)("%s with %j allowed: %s", (text, fine, expected) => {
  expect(holds(text, fine)).toBe(expected);
});

test.each(["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND MIT", "MIT WITH", "see <https://example.com>"])(
  "%j is no expression",
  (text) => {
    expect(parseLicence(text)).toMatchObject({ ok: false });
  },
);

test("no text makes it throw or run long", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("MIT", "(", ")", "OR", "AND", "WITH", "+", "x y", "GPL-2.0+")), (words) => {
      expect(typeof parseLicence(words.join(" ")).ok).toBe("boolean");
    }),
  );
  expect(parseLicence("(".repeat(100_000))).toMatchObject({ ok: false });
});
