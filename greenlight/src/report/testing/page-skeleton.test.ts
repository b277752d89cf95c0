import { describe, expect, it } from "vitest";

import { pageElements, pageSkeleton } from "./page-skeleton.ts";

describe("the check of pages", () => {
  it.each([
    ["<p><b></p></b>", "closes"],
    ["<p>", "never closed"],
    ["<p>a > b</p>", "bare >"],
    ["<p>a < b</p>", "no tag"],
    ["<p a=b></p>", "no tag"],
    ['<p a="1" a="2"></p>', "an attribute twice"],
    ["<script>a", "never ends"],
  ])("notices %s", (page, complaint) => expect(() => pageElements(page)).toThrow(complaint));

  it("sees an element or attribute more", () => {
    expect(pageSkeleton('<!doctype html><p id="a">x</p>')).toBe("p id");
    expect(pageSkeleton('<!doctype html><p id="a" onclick="b">x<br></p>')).toBe("p id onclick\nbr");
  });
});
