import fc from "fast-check";
import { expect, it } from "vitest";

import { chooseRuntime, isVersionOf } from "./runtime-definition.ts";

const at = (version: string) => ({ version, program: `/bin/${version}` });

it("the newest of a version is chosen, by its numbers and not by its text", () => {
  const found = ["3.9.2", "3.11.4", "3.11.10", "3.1.4"].map(at);
  expect(chooseRuntime(found, "3.11")).toEqual(at("3.11.10"));
  expect(chooseRuntime(found, "3.1")).toEqual(at("3.1.4"));
  expect(chooseRuntime(found, "3")).toEqual(at("3.11.10"));
  expect(chooseRuntime(found, "3.12")).toBeUndefined();
});

it("what is chosen is always one that is wanted, and none is newer", () => {
  const version = fc.tuple(fc.nat(4), fc.nat(12), fc.nat(12)).map((parts) => parts.join("."));
  fc.assert(
    fc.property(fc.array(version), fc.nat(4), (versions, major) => {
      const chosen = chooseRuntime(versions.map(at), String(major));
      const wanted = versions.filter((each) => isVersionOf(each, String(major)));
      expect(chosen === undefined).toBe(wanted.length === 0);
    }),
  );
});
