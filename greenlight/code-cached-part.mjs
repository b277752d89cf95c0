import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileFunction } from "node:vm";

import { init, parse } from "es-module-lexer";

/**
 * Turns a part into a script beside it, whose compiled functions are kept, and a module that gives the script what it imports
 * and exports what it makes; `loader` is the code that keeps them. Refuses what a script can't do: wait at its top, and see a
 * binding change that it was given.
 */
export async function makeCodeCached(fileName, { folder, output, loader }) {
  await init;
  const path = join(folder, fileName);
  const code = readFileSync(path, "utf8");
  const [imports, exports] = parse(code);
  const importsOf = (name) => output.find((part) => part.fileName === name)?.imports ?? [];
  const isImporter = (name) => name === fileName || importsOf(name).some(isImporter);
  const importer = importsOf(fileName).find(isImporter);
  if (importer !== undefined) throw new Error(`${fileName} imports ${importer}, which imports it`);
  for (const { localName } of exports) checkSettled(code, localName, fileName);
  const statics = imports.filter(({ type }) => type === "static");
  const statements = statics.map(({ importStart, importEnd }) => code.slice(importStart, importEnd));
  const taken = statics.flatMap(({ specifier }, index) => namesTaken(statements[index], join(path, "..", specifier)));

  const exportsAt = code.lastIndexOf("\nexport {");
  let body = code.slice(0, exportsAt);
  // From behind, so that the places before stay what they are.
  for (const { type, importStart, importEnd } of imports.toReversed()) {
    const end = type === "dynamic" ? importStart + "import".length : importEnd;
    const text = { static: "", dynamic: "$import", "import-meta": "$meta" }[type];
    body = `${body.slice(0, importStart)}${text}${body.slice(end)}`;
  }
  const made = [...new Set(exports.map(({ localName }) => localName))].join(", ");
  const script = `(($meta, $import, ${taken.join(", ")}) => {"use strict";${body}\nreturn { ${made} };\n})`;
  const scriptName = fileName.replace(/\.js$/u, ".script.js");
  // Refuses what is not allowed outside a module.
  compileFunction(`return ${script}`);
  writeFileSync(join(folder, scriptName), script);

  const digest = createHash("sha256").update(script).digest("hex").slice(0, 16);
  const beside = JSON.stringify(`./${scriptName.split("/").at(-1)}`);
  const shell = [
    ...statements.map((statement) => `${statement};`),
    // In a scope of its own, beside names that are not known here.
    `const make = (() => {`,
    loader.replaceAll(/^export /gmu, ""),
    `return runCachedScript({`,
    `  path: process.getBuiltinModule("node:url").fileURLToPath(new URL(${beside}, import.meta.url)),`,
    `  digest: "${digest}",`,
    `  folder: process.getBuiltinModule("node:module").getCompileCacheDir(),`,
    `});`,
    `})();`,
    `const { ${made} } = make(import.meta, (specifier) => import(specifier), ${taken.join(", ")});`,
  ];
  writeFileSync(path, `${shell.join("\n")}${code.slice(exportsAt)}`);
}

/** The names that a statement `import { a, b as c } from "…"` gives to what it takes from the part at `path`. */
function namesTaken(statement, path) {
  const list = /^import \{([^}]*)\} from "[^"]*";?$/u.exec(statement)?.[1];
  if (list === undefined) throw new Error(`not understood: ${statement}`);
  const code = readFileSync(path, "utf8");
  const [, exports] = parse(code);
  return list.split(",").map((each) => {
    const [name, as = name] = each.trim().split(/\s+as\s+/u);
    checkSettled(code, exports.find((candidate) => candidate.name === name).localName, path);
    return as;
  });
}

function checkSettled(code, local, where) {
  if (new RegExp(`^let (?:.*, )?${RegExp.escape(local)}\\b`, "mu").test(code))
    throw new Error(`${where}: ${local} is exported and may change`);
}
