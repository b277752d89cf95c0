import fc from "fast-check";
import { expect, test } from "vitest";

import { containerVariables } from "./container-variables.ts";
import { isImageReference } from "./service-image.ts";

const value = fc.string({ unit: "binary", maxLength: 200 }).filter((text) => !text.includes("\0"));

test("every value is in the file or goes by its name, and a file's line holds one of them whole", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}X$/u), value), (values) => {
      const { file, byName } = containerVariables(values);
      const lines = file.split("\n").slice(0, -1);
      const read = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
      expect({ ...Object.fromEntries(read), ...byName }).toEqual({ ...values });
      expect(Object.values(byName).every((text) => /[\r\n]/u.test(text))).toBe(true);
    }),
  );
});

test("a long value goes by its name, unless Docker's client would take it to heart itself", () => {
  const long = "x".repeat(70_000);
  expect(containerVariables({ CERTIFICATE: long })).toEqual({ file: "", byName: { CERTIFICATE: long } });
  for (const name of ["PATH", "HOME", "DOCKER_HOST", "HTTPS_PROXY", "https_proxy", "LD_PRELOAD"]) {
    expect(containerVariables({ [name]: "a" }).byName).toEqual({});
    expect(() => containerVariables({ [name]: "a\nb" })).toThrow("CONFIG_INVALID");
  }
  expect(() => containerVariables({ A: "a\0b" })).toThrow("CONFIG_INVALID");
});

test("an image's name is one, and nothing that a client takes for an option or for more", () => {
  const good = [
    "films",
    "films:1.2_a",
    "localhost:5000/a/films:latest",
    `films@sha256:${"a".repeat(64)}`,
    `sha256:${"0".repeat(64)}`,
  ];
  expect(good.filter((text) => !isImageReference(text))).toEqual([]);
  const bad = ["", "-f", "--all", "a b", "a\nb", "films@sha256:12", "../films", "a;b", "x".repeat(600)];
  expect(bad.filter(isImageReference)).toEqual([]);
});
