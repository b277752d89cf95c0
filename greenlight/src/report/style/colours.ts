/**
 * Colours by meaning. Each text colour reaches a contrast of 4.5 : 1 on the paper, the card and its own tint
 * (`style.test.ts` computes it). Paper is for light mode and for print.
 */
export const LIGHT = {
  paper: "#f5f6f4",
  card: "#ffffff",
  line: "#dfe3de",
  ink: "#171c1a",
  quiet: "#586259",
  link: "#1c5d8f",
  good: "#127247",
  "good-tint": "#e3f3e9",
  "good-fill": "#27a06a",
  warn: "#835500",
  "warn-tint": "#fcf1d6",
  "warn-fill": "#dd9d1f",
  bad: "#b02a20",
  "bad-tint": "#fdeae7",
  "bad-fill": "#d9483d",
  wait: "#5546ad",
  "wait-tint": "#edebfa",
  "wait-fill": "#7768cf",
  idle: "#586259",
  "idle-tint": "#eceeeb",
  "idle-fill": "#78827b",
  data: "#1c5d8f",
  "data-tint": "#e6eff6",
  "data-fill": "#3f7fb3",
  soft: "#586259",
  "soft-fill": "#c3d3df",
  rail: "#e9ece8",
  band: "#eef2ee",
} as const;

export const DARK: Readonly<Record<keyof typeof LIGHT, string>> = {
  paper: "#0f1312",
  card: "#171c1b",
  line: "#2a322f",
  ink: "#e7ebe8",
  quiet: "#9aa69f",
  link: "#83bbe8",
  good: "#5ed29b",
  "good-tint": "#12291f",
  "good-fill": "#2fb077",
  warn: "#edb94f",
  "warn-tint": "#2c2412",
  "warn-fill": "#cf972a",
  bad: "#ff8f84",
  "bad-tint": "#331b18",
  "bad-fill": "#e35a4e",
  wait: "#b5abff",
  "wait-tint": "#232039",
  "wait-fill": "#8a7ce6",
  idle: "#9aa69f",
  "idle-tint": "#212826",
  "idle-fill": "#7c8881",
  data: "#83bbe8",
  "data-tint": "#16242f",
  "data-fill": "#5797cc",
  soft: "#9aa69f",
  "soft-fill": "#32485a",
  rail: "#232a28",
  band: "#1d2422",
};

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join("");
}

export const COLOURS = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
`;
