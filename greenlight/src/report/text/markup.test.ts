import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { anyText } from "../testing/any-text.ts";
import { foreignText } from "./foreign-text.ts";
import { markup, ownMarkup, withCode } from "./markup.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&#96;": "`",
};

function decode(source: string): string {
  return source.replace(/&(?:amp|lt|gt|quot|#39|#96);/g, (entity) => ENTITIES[entity] ?? entity);
}

describe("markup", () => {
  it("a value comes back from the page as it went in, in text and in attributes", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const { source } = markup`<b title="${text}">${text}</b>`;
        const [, attribute = "", content = ""] = /^<b title="([^"<>]*)">([^<>]*)<\/b>$/.exec(source) ?? [];
        expect(decode(attribute)).toBe(foreignText(text));
        expect(decode(content)).toBe(foreignText(text));
      }),
    );
  });

  it("markup inside markup stands as it is, null is nothing, lists are joined", () => {
    expect(markup`<p>${[markup`<b>${"<"}</b>`, null, 3, ["a", "b"]]}</p>`.source).toBe("<p><b>&lt;</b>3ab</p>");
    expect(markup`${ownMarkup("<i>")}`.source).toBe("<i>");
  });

  it("parts between grave accents are code; an accent without a partner is text", () => {
    expect(withCode("run `a <b>` now").source).toBe("run <code>a &lt;b&gt;</code> now");
    expect(withCode("5` high").source).toBe("5&#96; high");
  });
});

describe("text from outside", () => {
  it("loses its terminal codes and keeps its words", () => {
    expect(foreignText("\u001B[31mred\u001B[0m and \u001B]8;;http://x\u0007link\u001B]8;;\u0007")).toBe("red and link");
    // One that has no end must not take along what a sentence says behind it, nor one that ends far away.
    expect(foreignText("\u001B]8;;x failed in stage test")).toBe("\uFFFD]8;;x failed in stage test");
    expect(foreignText("\u001B]8;;a failed, b\u0007")).toBe("\uFFFD]8;;a failed, b\uFFFD");
    expect(foreignText("\u001B\u001B[0m[31m")).not.toContain("\u001B");
  });

  it("shows what would be invisible or would turn the reading around", () => {
    expect(foreignText("a\u202Eb\u0000c\uD800")).toBe("a⟨U+202E⟩b\uFFFDc\uFFFD");
    expect(foreignText("a\r\nb\rc\td")).toBe("a\nb\nc\td");
  });

  it("is cut when it is too long, and says how much is missing", () => {
    expect(foreignText("abcdef", 4)).toBe("abcd … (2 more characters)");
  });
});
