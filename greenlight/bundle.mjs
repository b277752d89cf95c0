// Puts the compiled modules together into few files: `node bundle.mjs <compiled folder> <target folder>`. A command loads
// some two hundred modules, and each file costs a fifth of a millisecond of looking for it, whatever is in it.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { rolldown } from "rolldown";

import { makeCodeCached } from "./code-cached-part.mjs";
import { skipFacades } from "./skip-facades.mjs";

/** Started as processes by name, besides what package.json exports. `own-files` tells where all of them lie. */
const PROGRAMS = [
  "main",
  "agent-main",
  "certificate-main",
  "keeper/main",
  "keeper/stand-by-main",
  "router/main",
  "engine/steps/function-runner",
  "base/own-files",
];
const LONG_LIVED = ["agent-main", "keeper/main", "keeper/stand-by-main", "router/main"];
/** What the most used parts import, at first hand or through others. */
const ROOTS = {
  definition: ["index", "base/own-files"],
  main: ["main"],
  router: ["router/main"],
  keeper: ["keeper/main"],
  agent: ["agent-main"],
  run: ["cli/run", "cli/progress-lines", "local-stores"],
  // What does the steps that are not merely kept.
  steps: ["engine/steps/run-step", "engine/steps/step-process", "engine/reuse/keep-step"],
  evidence: ["evidence/read-evidence", "evidence/gather-findings", "app/write-findings"],
  // Begins while the rest is loaded.
  checkout: ["app/read-checkout"],
};

/** What one part alone uses lies in a file of its own for these. */
const OWN_FILE = { definition: "definition", run: "run", steps: "step-run", evidence: "evidence" };

/** Builtins that bring dozens of others along: ten milliseconds each, in commands that often need none of them. */
const HEAVY_BUILTINS = new Set([
  "node:child_process",
  "node:crypto",
  "node:fs/promises",
  "node:http",
  "node:net",
  "node:readline/promises",
  "node:stream",
  "node:stream/promises",
  "node:zlib",
]);

/** Packages of many small files, of which little is used, by the file that what is used of them goes into. */
const TAKEN_IN = {
  "json-stream": ["@streamparser/json"],
  zod: ["zod"],
};

/** The part with most of the functions that a command calls: they stay compiled from one command to the next. */
const CODE_CACHED = "parts/run.js";

const [from = "", to = ""] = process.argv.slice(2).map((path) => resolve(path));
const groupOf = new Map();
const bundle = await rolldown({
  input: Object.fromEntries([...PROGRAMS, ...exportedModules()].map((name) => [name, moduleOf(name)])),
  platform: "node",
  // Other packages stay what they are: installed beside, and loaded when they are needed. The bundler's own helpers come along.
  external: (id) => !/^[./\0]|^@oxc-project\/runtime\//u.test(id) && !isTakenIn(id),
  plugins: [takeBuiltinsSingly(), findGroups()],
  preserveEntrySignatures: "allow-extension",
  onLog: (level, log) => {
    throw new Error(`${level}: ${log.message}`);
  },
});
const { output } = await bundle.write({
  dir: to,
  format: "es",
  entryFileNames: "[name].js",
  chunkFileNames: "parts/[name].js",
  // `skipFacades` compares them.
  minifyInternalExports: false,
  codeSplitting: {
    // Else a file would take along what others, the agent say, need too.
    includeDependenciesRecursively: false,
    groups: [
      ...Object.entries(TAKEN_IN).map(([name, packages]) => ({
        name,
        test: (id) => packages.some((each) => id.includes(join("node_modules", each, "/"))),
      })),
      ...["definition", "common", "shared", "run", "steps", "supervision", "step-run", "evidence"].map((name) => ({
        name,
        test: (id) => groupOf.get(id) === name,
      })),
    ],
  },
});
for (const { fileName, moduleIds } of output) {
  // It takes the folder above its own for that of all modules.
  if (moduleIds.includes(moduleOf("base/own-files")) && fileName.split("/").length !== 2)
    throw new Error(`own-files lies in ${fileName}`);
  writeAscii(join(to, fileName));
}
checkLongLived();
await skipFacades(output, to);
await makeCodeCached(CODE_CACHED, {
  folder: to,
  output,
  loader: takeBuiltinsSingly().transform(readFileSync(moduleOf("base/code-cache"), "utf8")),
});
await writeClosures();
writeLicences();

function isTakenIn(specifier) {
  return Object.values(TAKEN_IN)
    .flat()
    .some((each) => specifier === each || specifier.startsWith(`${each}/`));
}

function moduleOf(name) {
  return join(from, `${name}.js`);
}

/** The modules behind the package's exports. */
function exportedModules() {
  const { exports } = JSON.parse(readFileSync(fileURLToPath(new URL("package.json", import.meta.url)), "utf8"));
  const patterns = Object.values(exports).flatMap((each) => (each.default === undefined ? [] : [each.default]));
  return patterns.flatMap((pattern) => {
    const found = globSync(pattern.replace(/^\.\/dist\//u, ""), { cwd: from }).toSorted();
    if (found.length === 0) throw new Error(`package.json exports ${pattern}, and there is no such module`);
    return found.map((file) => file.replaceAll("\\", "/").replace(/\.js$/u, ""));
  });
}

/**
 * What the modules that steps name are made of, for the steps' manifests: of the parts nobody can tell any more which piece
 * of them a step runs.
 */
async function writeClosures() {
  const { importClosure } = await import(pathToFileURL(moduleOf("engine/manifests/import-closure")).href);
  const closures = {};
  for (const name of exportedModules().filter((each) => each.startsWith("app/")))
    closures[`${name}.js`] = await importClosure(moduleOf(name), from);
  writeFileSync(join(to, "closures.json"), JSON.stringify(closures));
}

/** An agent, a keeper and a router that took all of a run along would still work, and be slow, large, and wrong on a server. */
function checkLongLived() {
  const parts = new Map(output.map((part) => [part.fileName, part]));
  for (const name of LONG_LIVED) {
    const queue = [`${name}.js`];
    for (const fileName of queue) {
      if (fileName === "parts/run.js") throw new Error(`${name} takes ${fileName} along: ${queue.join(" ")}`);
      const { imports, dynamicImports } = parts.get(fileName) ?? { imports: [], dynamicImports: [] };
      queue.push(...[...imports, ...dynamicImports].filter((each) => parts.has(each) && !queue.includes(each)));
    }
  }
}

/** Whoever passes a package on passes its licence on. */
function writeLicences() {
  const texts = Object.values(TAKEN_IN)
    .flat()
    .map((name) => {
      const folder = fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url));
      const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const file = globSync("LICEN[CS]E*", { cwd: folder })[0];
      if (file === undefined) throw new Error(`${name} has no licence of its own`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    });
  writeFileSync(join(to, "third-party-licences.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
}

/**
 * What is loaded together anyway lies together: what every definition imports; what several of the parts share; what only a
 * run needs. The rest stays where it falls, and so do the programs, which begin their work when they are loaded.
 */
function findGroups() {
  return {
    name: "find-groups",
    buildEnd(error) {
      // What failed is told better than what is missing for it.
      if (error !== undefined) return;
      const users = new Map();
      for (const [part, roots] of Object.entries(ROOTS)) {
        const queue = roots.map(moduleOf);
        for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
          const info = this.getModuleInfo(id);
          if (info === null) throw new Error(`${relative(from, id)} is in no program`);
          const parts = users.get(id) ?? users.set(id, new Set()).get(id);
          if (parts.has(part)) continue;
          parts.add(part);
          // An agent is sent to a server whole.
          const imported = part === "agent" ? [...info.importedIds, ...info.dynamicallyImportedIds] : info.importedIds;
          queue.push(...imported.filter((each) => each.startsWith("/")));
        }
      }
      for (const [id, parts] of users) {
        if (this.getModuleInfo(id).isEntry && id !== moduleOf("base/own-files")) continue;
        if (parts.size === 1) {
          groupOf.set(id, OWN_FILE[[...parts][0]] ?? null);
          continue;
        }
        const isForSteps = parts.delete("steps");
        parts.delete("evidence");
        if (parts.has("definition")) groupOf.set(id, "definition");
        else if (parts.size <= 1) groupOf.set(id, parts.has("run") ? "run" : null);
        else if (parts.has("main")) groupOf.set(id, "common");
        else if (parts.has("run")) groupOf.set(id, "shared");
        // Steps need little of what those have that live long, and not the builtins behind it.
        else groupOf.set(id, isForSteps ? "steps" : "supervision");
      }
    },
  };
}

/**
 * An import of a builtin asks for all of its exports, and some of Node's are made when they are asked for: streams, a whole
 * family of cryptography. Taken from the builtin itself, only those that are named are. The functions of heavy ones are
 * taken when they are first called.
 */
function takeBuiltinsSingly() {
  const named = /^import \{ ([^}]+) \} from "(node:[\w/]+)";$/gmu;
  return {
    name: "take-builtins-singly",
    transform(code) {
      return code.replaceAll(named, (_all, names, builtin) => {
        const module = `process.getBuiltinModule("${builtin}")`;
        const members = names.split(",").flatMap((each) => {
          const [name, own = name] = each.trim().split(/\s+as\s+/u);
          return name === "" ? [] : [{ name, own }];
        });
        const isLate = ({ name }) => HEAVY_BUILTINS.has(builtin) && isFunction(builtin, name);
        const late = members
          .filter(isLate)
          .map(({ name, own }) => `const ${own} = (...args) => ${module}.${name}(...args);`);
        const now = members.filter((each) => !isLate(each)).map(({ name, own }) => `${name}: ${own}`);
        return [...late, ...(now.length > 0 ? [`const { ${now.join(", ")} } = ${module};`] : [])].join(" ");
      });
    },
  };
}

/** What is called, and neither constructed nor looked into. */
function isFunction(builtin, name) {
  return /^[a-z]/u.test(name) && typeof process.getBuiltinModule(builtin)[name] === "function";
}

/**
 * One letter beyond ASCII makes Node decode a file the slow way, and V8 hold it at two bytes a letter: 5 ms of each command.
 * Strings, templates and regular expressions take the escape for the letter; in comments it does no harm.
 */
function writeAscii(path) {
  const code = readFileSync(path, "utf8");
  writeFileSync(path, code.replaceAll(/[^\0-\x7f]/g, escapeUnit));
}

function escapeUnit(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
