import type { RunView } from "../../engine/run-view.ts";

/** Fields whose values steer the report rather than being shown as text. */
const STEERING = new Set("kind outcome level verdict action code type slot at startedAt endedAt url".split(" "));
/** Objects whose keys come from outside too. */
const FOREIGN_KEYS = new Set(["parameters", "facts", "outputs"]);

/**
 * The run with `text`, or what it gives for the n-th text, in the place of every text that comes from outside. `also` names steering fields to replace as
 * well. A number stands behind each text, so that names which were different still are.
 */
export function foreignRun(
  view: RunView,
  text: string | ((index: number) => string),
  also: readonly string[] = [],
): RunView {
  const seen = new Map<string, string>();
  const foreign = (before: string): string => {
    const known = seen.get(before) ?? `${typeof text === "string" ? text : text(seen.size)}${seen.size}`;
    seen.set(before, known);
    return known;
  };
  const replace = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return STEERING.has(key) && !also.includes(key) ? value : foreign(value);
    if (Array.isArray(value)) return value.map((member) => replace(member, key));
    if (typeof value !== "object" || value === null) return value;
    const rename = FOREIGN_KEYS.has(key) ? foreign : (name: string): string => name;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), replace(member, name)]));
  };
  const replaced = replace(view, "") as RunView;
  // The stage of that name is the engine's, not the project's.
  const stages = replaced.stages.map((stage, index) =>
    view.stages[index]?.name === "finally" ? { ...stage, name: "finally" } : stage,
  );
  return { ...replaced, stages };
}

/** Texts that have broken pages, tables and terminals before. */
export const ATTACKS: readonly string[] = [
  "</script><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</style><style>*{display:none}",
  "</title></svg><svg onload=alert(1)>",
  "<!--",
  "-->]]>",
  "&lt;b&gt; &#60; &amp",
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "\u202Egpj.exe",
  "\u0000\u0007\u001B[31mred\u001B[0m\u001B]8;;http://evil.example\u0007link",
  "\uD800 lone",
  "| a | b |\n| --- | --- |\n| c | d |",
  "# heading",
  "- item\n- item",
  "1. one",
  "1) one",
  "===",
  "---",
  "> quote",
  "    code",
  "[x](javascript:alert(1))",
  "![x](http://evil.example/x.png)",
  "[x]: http://evil.example",
  "<details><summary>",
  "*a* _b_ ~~c~~ **d** $e$ `f`",
  "\\",
  "\\|",
  "@everyone",
  "https://evil.example/x and http://evil.example",
  "www.evil.example WWW.evil.example",
  "mailto:a@b.example",
  "```\nfence",
  "$$",
  "__proto__",
  "a".repeat(300),
  "\r\n\r\n\t\u2028\u2029",
];

/** Three attacks in a row, the `place`-th first; the list begins again after its end. */
export function attacksAt(place: number): string {
  return [0, 1, 2].map((step) => ATTACKS[(place + step) % ATTACKS.length] ?? "").join("");
}
