import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { combinationName, combinationsOf, matrixVariable } from "./combinations.ts";
import type { Matrix, MatrixValue } from "./definition.ts";
import { matrix } from "./matrix.ts";

type Values = Record<string, MatrixValue>;

function valuesOf(made: Matrix): readonly Values[] {
  return combinationsOf(made).map((each) => ({ ...each.values }));
}

function labelsOf(made: Matrix): string[] {
  return combinationsOf(made).map((each) => each.label);
}

describe("the examples of GitHub's documentation", () => {
  test("the product of two axes, the last turning fastest", () => {
    expect(labelsOf(matrix({ version: [10, 12, 14], os: ["ubuntu-latest", "windows-latest"] }))).toEqual([
      "10, ubuntu-latest",
      "10, windows-latest",
      "12, ubuntu-latest",
      "12, windows-latest",
      "14, ubuntu-latest",
      "14, windows-latest",
    ]);
  });

  test("fruits and animals: what is included extends, overwrites what was included before, or stands for itself", () => {
    const made = matrix(
      { fruit: ["apple", "pear"], animal: ["cat", "dog"] },
      {
        include: [
          { color: "green" },
          { color: "pink", animal: "cat" },
          { fruit: "apple", shape: "circle" },
          { fruit: "banana" },
          { fruit: "banana", animal: "cat" },
        ],
      },
    );
    expect(valuesOf(made)).toEqual([
      { fruit: "apple", animal: "cat", color: "pink", shape: "circle" },
      { fruit: "apple", animal: "dog", color: "green", shape: "circle" },
      { fruit: "pear", animal: "cat", color: "pink" },
      { fruit: "pear", animal: "dog", color: "green" },
      { fruit: "banana" },
      { fruit: "banana", animal: "cat" },
    ]);
  });

  test("an included key extends one combination of six and does not show in its name", () => {
    const made = matrix(
      { os: ["windows-latest", "ubuntu-latest"], node: [12, 14, 16] },
      { include: [{ os: "windows-latest", node: 16, npm: 6 }] },
    );
    expect(valuesOf(made).filter((each) => "npm" in each)).toEqual([{ os: "windows-latest", node: 16, npm: 6 }]);
    expect(labelsOf(made)).toHaveLength(6);
    expect(labelsOf(made)[2]).toBe("windows-latest, 16");
  });

  test("nine combinations and a tenth of a version that no axis has", () => {
    const made = matrix(
      { os: ["macos-latest", "windows-latest", "ubuntu-latest"], version: [12, 14, 16] },
      { include: [{ os: "windows-latest", version: 17 }] },
    );
    expect(labelsOf(made)).toHaveLength(10);
    expect(labelsOf(made).at(-1)).toBe("windows-latest, 17");
  });

  test("without axes, each thing included is a combination", () => {
    const include = [
      { site: "production", datacenter: "site-a" },
      { site: "staging", datacenter: "site-b" },
    ];
    expect(valuesOf(matrix({}, { include }))).toEqual(include);
  });

  test("twelve combinations without the three that an exclude matches, in part or as a whole", () => {
    const made = matrix(
      { os: ["macos-latest", "windows-latest"], version: [12, 14, 16], environment: ["staging", "production"] },
      {
        exclude: [
          { os: "macos-latest", version: 12, environment: "production" },
          { os: "windows-latest", version: 16 },
        ],
      },
    );
    expect(labelsOf(made)).toHaveLength(9);
    expect(labelsOf(made)).not.toContain("windows-latest, 16, staging");
    expect(labelsOf(made)).toContain("macos-latest, 12, staging");
  });

  test("what is included comes after what is excluded, so it can bring a combination back", () => {
    const made = matrix({ os: ["linux", "mac"] }, { exclude: [{ os: "mac" }], include: [{ os: "mac", slow: true }] });
    expect(valuesOf(made)).toEqual([{ os: "linux" }, { os: "mac", slow: true }]);
  });
});

describe("what GitHub does and its documentation does not say", () => {
  test("a filter compares text without regard to case, and different types as numbers", () => {
    const made = matrix({ os: ["Linux", "mac"], node: ["22", 24] }, { exclude: [{ os: "linux" }, { node: "24" }] });
    expect(valuesOf(made)).toEqual([{ os: "mac", node: "22" }]);
    expect(valuesOf(matrix({ node: ["22"] }, { exclude: [{ node: 22 }] }))).toEqual([]);
    expect(valuesOf(matrix({ node: ["lts"] }, { exclude: [{ node: 0 }] }))).toHaveLength(1);
  });

  test("a combination of its own shows the axes in their order and then the rest; empty text does not show", () => {
    const made = matrix({ os: ["linux", ""], node: [22] }, { include: [{ extra: "x", node: 26, os: "mac" }] });
    expect(labelsOf(made)).toEqual(["linux, 22", "22", "mac, 26, x"]);
  });
});

test("a combination has the step's name with its values, and each key its variable", () => {
  expect(combinationName("unit tests", { label: "22, linux", values: {} })).toBe("unit tests (22, linux)");
  expect(combinationName("unit tests", { label: "", values: {} })).toBe("unit tests");
  expect(matrixVariable("node-version")).toBe("MATRIX_NODE_VERSION");
});

/** GitHub's rules once more, word by word from its documentation and without any care for speed. */
function modelOf({ axes, include, exclude }: Matrix): Values[] {
  let originals: Values[] = Object.keys(axes).length === 0 ? [] : [{}];
  for (const [key, values] of Object.entries(axes)) {
    const longer: Values[] = [];
    for (const each of originals) for (const value of values) longer.push({ ...each, [key]: value });
    originals = longer;
  }
  originals = originals.filter((each) => {
    for (const entry of exclude) if (Object.keys(entry).every((key) => entry[key] === each[key])) return false;
    return true;
  });
  const results: Values[] = originals.map((each) => ({ ...each }));
  const created: Values[] = [];
  for (const entry of include) {
    let isAdded = false;
    for (const [index, original] of originals.entries()) {
      const overwritten = Object.keys(entry).some((key) => key in original && original[key] !== entry[key]);
      if (overwritten) continue;
      results[index] = { ...results[index], ...entry };
      isAdded = true;
    }
    if (!isAdded) created.push({ ...entry });
  }
  return [...results, ...created];
}

const VALUES = ["a", "b", "c", 1, 2, true] as const;
const someAxes = fc.dictionary(
  fc.constantFrom("os", "node", "db"),
  fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 4, selector: String }),
  { maxKeys: 3, noNullPrototype: true },
);

function someEntries(keys: readonly string[]): fc.Arbitrary<Values[]> {
  if (keys.length === 0) return fc.constant([]);
  const value = fc.constantFrom("a", "b", "c", 2);
  const entry = fc.dictionary(fc.constantFrom(...keys), value, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  return fc.array(entry, { maxLength: 5 });
}

const someMatrix = someAxes.chain((axes) =>
  fc
    .record({
      include: someEntries(["os", "node", "db", "extra", "more"]),
      exclude: someEntries(Object.keys(axes)),
    })
    .map((options) => matrix(axes, options)),
);

test("any matrix comes to what the documentation's words come to, and is left as it was", () => {
  fc.assert(
    fc.property(someMatrix, (made) => {
      const before = structuredClone(made);
      const expected = modelOf(made);
      expect(valuesOf(made)).toEqual(expected);
      expect(made).toEqual(before);
      for (const [index, { label, values }] of combinationsOf(made).entries()) {
        const axes = Object.keys(made.axes).filter((key) => key in values);
        const isOriginal = axes.length > 0 && label.split(", ").length === axes.length;
        const shown = isOriginal ? axes : [...axes, ...Object.keys(values).filter((key) => !(key in made.axes))];
        expect(label).toBe(shown.map((key) => String(expected[index]?.[key])).join(", "));
      }
    }),
    { numRuns: 500, seed: 20_260_101 },
  );
});
