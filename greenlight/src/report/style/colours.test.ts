import { describe, expect, it } from "vitest";

import { DARK, LIGHT } from "./colours.ts";

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const channel = Number.parseInt(colour.slice(place, place + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((left, right) => right - left);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("%s mode", (_name, colours) => {
  it.each(["ink", "quiet", "link", "good", "warn", "bad", "wait", "idle", "data"] as const)(
    "%s can be read on paper and card",
    (name) => {
      expect(contrast(colours[name], colours.paper)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colours[name], colours.card)).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(["good", "warn", "bad", "wait", "idle", "data"] as const)(
    "%s, and all text that may stand there, can be read on its tint",
    (name) => {
      const tint = colours[`${name}-tint`];
      for (const text of [colours[name], colours.ink, colours.quiet, colours.link]) {
        expect(contrast(text, tint)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  it.each(["good", "warn", "bad", "wait", "idle", "data"] as const)("a bar in %s stands out from the card", (name) => {
    expect(contrast(colours[`${name}-fill`], colours.card)).toBeGreaterThanOrEqual(name === "warn" ? 2 : 3);
  });
});
