import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { init, parse } from "es-module-lexer";

/**
 * Has dynamic imports take the part itself instead of a file that only passes on some of its exports under their own names,
 * and removes those files: each costs a command a millisecond.
 */
export async function skipFacades(output, folder) {
  await init;
  const targets = new Map();
  for (const { fileName, isEntry } of output) {
    const target = isEntry ? null : targetOf(readFileSync(join(folder, fileName), "utf8"));
    if (target !== null) targets.set(fileName, join(fileName, "..", target));
  }
  const needed = new Set();
  for (const { fileName } of output) {
    if (targets.has(fileName)) continue;
    let code = readFileSync(join(folder, fileName), "utf8");
    // From behind, so that the places before stay what they are.
    for (const { type, specifier, start, end } of parse(code)[0].toReversed()) {
      const named = specifier?.startsWith(".") === true ? join(fileName, "..", specifier) : null;
      if (!targets.has(named)) continue;
      if (type === "dynamic") {
        const way = relative(dirname(fileName), targets.get(named));
        code = `${code.slice(0, start)}"${way.startsWith(".") ? way : `./${way}`}"${code.slice(end)}`;
      } else needed.add(named);
    }
    writeFileSync(join(folder, fileName), code);
  }
  for (const fileName of targets.keys()) if (!needed.has(fileName)) rmSync(join(folder, fileName));
}

/** The one part that a file of nothing but `export { a, b } from "…"` names; null when it is another file. */
function targetOf(code) {
  const found = /^(?:\/\/.*\n)*export \{ [\w$]+(?:, [\w$]+)* \} from "(\.[^"]+)";\s*$/u.exec(code);
  return found?.[1] ?? null;
}
