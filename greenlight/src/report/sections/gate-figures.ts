import type { Json } from "../../base/json.ts";
import { formatCount, formatDuration, formatLatency } from "../text/format.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

/**
 * What a gate was judged by, whatever it is: figures of before and after side by side, everything else as pairs. Gates come and
 * go; the report knows none of them by name.
 */
export interface GateFigures {
  readonly compared: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly pairs: readonly { readonly name: string; readonly value: string }[];
}

type Figures = { readonly [name: string]: Json };

const MOST_PAIRS = 24;
const MOST_DEPTH = 3;
const MOST_CHARACTERS = 160;
const UNKNOWN = "not known";

export function readFigures({ before = null, after = null, ...rest }: Figures): GateFigures {
  if (!isFigures(after) || !(before === null || isFigures(before))) {
    return { compared: [], pairs: pairsOf({ ...rest, ...compact({ before, after }) }) };
  }
  const names = [...new Set([...Object.keys(after), ...Object.keys(before ?? {})])];
  const compared = names.map((name) => ({
    name: wordsOf(name),
    before: before === null ? "nothing before" : valueOf(name, before[name] ?? null),
    after: valueOf(name, after[name] ?? null),
  }));
  return { compared: compared.slice(0, MOST_PAIRS), pairs: pairsOf(rest) };
}

export function figuresMarkup(title: string, { compared, pairs }: GateFigures): Markup {
  return markup`${
    compared.length === 0
      ? null
      : markup`<table class="figures"><caption class="hidden">${title}: before and after the switch</caption><thead><tr><th scope="col">Traffic</th><th scope="col" class="num">Before</th><th scope="col" class="num">After</th></tr></thead><tbody>${compared.map(
          ({ name, before, after }) =>
            markup`<tr><th scope="row">${name}</th><td class="num quiet">${before}</td><td class="num">${after}</td></tr>`,
        )}</tbody></table>`
  }${
    pairs.length === 0
      ? null
      : markup`<dl class="pairs">${pairs.map(({ name, value }) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
  }`;
}

export function figureLines({ compared, pairs }: GateFigures): readonly Markdown[] {
  const told = [
    ...compared.map(({ name, before, after }) => `${name} ${before} → ${after}`),
    ...pairs.map(({ name, value }) => `${name} ${value}`),
  ];
  return told.length === 0 ? [] : [mdLine`    - ${told.join("; ")}`];
}

function pairsOf(figures: Figures, prefix = "", depth = 1): GateFigures["pairs"] {
  const pairs = Object.entries(figures).flatMap(([name, value]) => {
    const path = `${prefix}${wordsOf(name)}`;
    if (isFigures(value) && depth < MOST_DEPTH) return pairsOf(value, `${path}, `, depth + 1);
    // What is not known of a gate is no figure.
    return value === null ? [] : [{ name: path, value: valueOf(name, value) }];
  });
  return pairs.slice(0, MOST_PAIRS);
}

function valueOf(name: string, value: Json): string {
  if (value === null) return UNKNOWN;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") {
    if (name.endsWith("Ms")) return /^p\d/u.test(name) ? formatLatency(value) : formatDuration(value);
    if (name.endsWith("Mb")) return `${value} MiB`;
    return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
  }
  const text = typeof value === "string" ? value : listOf(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

/** A list is told by its length and its first members' names, where they have any. */
function listOf(value: Exclude<Json, string | number | boolean | null>): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  const list = value as readonly Json[];
  const names = list.flatMap((each) => (isFigures(each) && typeof each["name"] === "string" ? [each["name"]] : []));
  if (names.length > 0) return `${list.length}: ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
  return list.every((each) => typeof each !== "object") ? list.slice(0, 12).join(", ") : String(list.length);
}

/** `failedProbes` → "failed probes", `p95Ms` → "p95", `peakMemoryMb` → "peak memory". */
function wordsOf(name: string): string {
  const bare = name.replace(/(?:Ms|Mb)$/u, "");
  return bare.replaceAll(/([a-z0-9])([A-Z])/gu, "$1 $2").toLowerCase();
}

function compact(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== null));
}

function isFigures(value: Json): value is Figures {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
