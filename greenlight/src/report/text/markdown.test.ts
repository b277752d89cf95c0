import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyText } from "../testing/any-text.ts";
import { ATTACKS } from "../testing/foreign-run.ts";
import { mdLink } from "./link.ts";
import { mdLine, mdTable } from "./markdown.ts";

/** What Markdown would still act on: specials that no backslash takes the meaning from. */
function activeCharacters(source: string): string {
  return source.replace(/\\./g, "").replace(/[^\\`*_[\]<>|~&$#\n]/g, "");
}

describe("a line of Markdown", () => {
  it("holds nothing that a value could act with, and stays one line", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...ATTACKS), anyText()), (text) => {
        const { source } = mdLine`x ${text} y`;
        expect(activeCharacters(source).replaceAll("#", "")).toBe("");
        expect(source).not.toMatch(/:\/\/|www\.|@(?!\u2060)|[\r\n\t]/i);
      }),
    );
  });

  it("a value at its start opens no heading, list, quote or rule", () => {
    for (const text of ["# a", "- a", "+ a", "1. a", "1) a", "> a", "===", "---", "    a", "\t- a"]) {
      expect(mdLine`${text}`.source).not.toMatch(/^(?: ?(?:#|-|\+|=|>|\d+[.)])|\s\s)/);
    }
  });

  it("keeps plain words as they are and writes a plain space for a no-break space", () => {
    expect(mdLine`${"94.1\u00A0% of lines, movies-9c41"}`.source).toBe("94.1 % of lines, movies-9c41");
  });

  it("a value in a cell opens no further cell", () => {
    const [head, rule, row] = mdTable("lr", ["A", "B"], [["a | b", 3]]);
    expect([head?.source, rule?.source, row?.source]).toEqual(["| A | B |", "| --- | ---: |", "| a \\| b | 3 |"]);
  });

  it("an address becomes a link only when it is plain HTTP, and can't end the link early", () => {
    expect(mdLink("http://host/a|b c`(d)").source).toContain("](<http://host/a%7Cb%20c%60(d)>)");
    expect(mdLink("javascript:alert(1)").source).toBe("javascript:alert(1)");
  });
});
