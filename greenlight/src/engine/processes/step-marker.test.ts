import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ENGINE_TOKEN, newStepMarker, STEP_MARKER, tokensIn } from "./step-marker.ts";

function environ(variables: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(""),
  );
}

describe("a step's marker", () => {
  test("is another one each time, within the one of the step that runs this engine", () => {
    const [first, second] = [newStepMarker(undefined), newStepMarker("aa:1/bb:2")];
    expect(first.value).toBe(first.token);
    expect(second.value).toBe(`aa:1/bb:2/${second.token}`);
    expect(second.token).not.toBe(first.token);
    expect(first.token.startsWith(`${ENGINE_TOKEN}:`)).toBe(true);
  });

  test("hands nothing on that no engine wrote", () => {
    for (const value of ["", "a b", "x".repeat(2001), "a\nb"]) {
      const marker = newStepMarker(value);
      expect(marker.value).toBe(marker.token);
    }
  });

  test("is found in any environment, and only under its own name", () => {
    const name = fc.stringMatching(/^[A-Z_]{1,20}$/u).filter((each) => each !== STEP_MARKER);
    const value = fc.string({ maxLength: 40 }).filter((each) => !each.includes("\0"));
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.dictionary(name, value), (before, after) => {
        const trap = { [`X_${STEP_MARKER}`]: "no:1", TRAP: `${STEP_MARKER}=no:2` };
        const all = environ({ ...trap, ...before, [STEP_MARKER]: "aa:1/bb:2", ...after });
        expect(tokensIn(all)).toEqual(["aa:1", "bb:2"]);
        expect(tokensIn(environ({ ...trap, ...before }))).toEqual([]);
      }),
    );
  });
});
