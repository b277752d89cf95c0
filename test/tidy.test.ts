import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { describe, expect, test } from "vitest";

/** Keeps the import rules of the house: arrows point inward to `base`, adapters are named by `main.ts` alone, decisions do no I/O. */
const ROOT = join(import.meta.dirname, "..");
const SOURCE = join(ROOT, "greenlight/src");

/** Area → areas that it may import besides itself. Adapters are listed by their folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  statistics: ["base"],
  pipeline: ["base"],
  // `pipeline` names the formats of evidence, because a definition does.
  evidence: ["base", "pipeline"],
  release: ["base"],
  masking: ["base"],
  models: ["base", "statistics", "evidence"],
  deployment: ["base", "statistics", "release"],
  // Keeper and router restart each other, so each knows how the other is reached.
  keeper: ["base", "router"],
  router: ["base", "keeper"],
  engine: ["base", "pipeline", "evidence", "masking"],
  report: ["base", "evidence", "engine"],
  toolkits: ["base", "pipeline"],
  compilers: ["base", "pipeline"],
  // The port of cleaning sits with it.
  "adapters/stores": ["base", "pipeline", "engine", "masking", "app"],
  // The port of notices sits with the outbox.
  "adapters/certificates": ["base", "keeper"],
  "adapters/codehosts": ["base", "pipeline", "app"],
  "adapters/targets": ["base", "pipeline", "deployment", "release", "keeper", "router"],
  app: [
    "base",
    "statistics",
    "pipeline",
    "evidence",
    "release",
    "models",
    "deployment",
    "engine",
    "report",
    "compilers",
    "masking",
  ],
  cli: ["base", "pipeline", "engine", "deployment", "app", "masking"],
};

/** Areas whose code decides and renders; they neither read files nor clocks nor the network. */
const PURE = new Set(["statistics", "pipeline", "evidence", "models", "report", "compilers", "masking"]);
const IO_MODULES =
  /^(node:(fs|net|http|https|http2|child_process|dns|os|worker_threads|sqlite|timers)|undici|autocannon)/u;

interface SourceFile {
  readonly path: string;
  readonly area: string;
  readonly text: string;
  readonly imports: readonly { readonly specifier: string; readonly isTypeOnly: boolean }[];
}

const files: readonly SourceFile[] = listFiles(SOURCE)
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.includes("/testing/"))
  .map((path) => {
    const text = readFileSync(path, "utf8");
    return { path, area: areaOf(path), text, imports: importsOf(text) };
  });

describe("the house", () => {
  test("every file belongs to a known area", () => {
    const lost = files.filter((file) => file.area !== "root" && !Object.hasOwn(MAY_IMPORT, file.area));
    expect(lost.map((file) => relative(ROOT, file.path))).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  test("arrows point inward", () => {
    expect(brokenRules((from, to) => from === "root" || from === to || (MAY_IMPORT[from] ?? []).includes(to))).toEqual(
      [],
    );
  });

  test("the rules would notice an arrow outward", () => {
    expect(brokenRules((from, to) => from === "root" || from === to || to === "base").length).toBeGreaterThan(10);
  });

  test("adapters of one kind do not import each other", () => {
    const found = files
      .filter((file) => file.area.startsWith("adapters/"))
      .flatMap((file) =>
        file.imports
          .filter(({ specifier }) => specifier.startsWith("."))
          .map(({ specifier }) => resolve(dirname(file.path), specifier))
          .filter(
            (target) =>
              target.includes("/adapters/") &&
              adapterOf(target) !== adapterOf(file.path) &&
              adapterOf(file.path) !== "index.ts",
          )
          .map((target) => `${relative(ROOT, file.path)} → ${relative(ROOT, target)}`),
      );
    expect(found).toEqual([]);
  });

  test("what decides does no I/O and reads no clock", () => {
    const pure = files.filter((file) => PURE.has(file.area));
    const found = pure.flatMap((file) => {
      const place = relative(ROOT, file.path);
      const modules = file.imports
        .filter(({ specifier }) => IO_MODULES.test(specifier))
        .map(({ specifier }) => specifier);
      const impure = /\b(Date\.now|performance\.now|Math\.random|new Date\(\)|process\.env)\b/u.exec(file.text);
      return [...modules, ...(impure === null ? [] : [impure[0]])].map((what) => `${place}: ${what}`);
    });
    expect(pure.length).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });

  test("files stay below 300 lines", () => {
    const long = listFiles(ROOT)
      .filter((path) => /\.(ts|mjs)$/u.test(path))
      .filter((path) => !path.endsWith(".test.ts") && readFileSync(path, "utf8").split("\n").length > 300);
    expect(long.map((path) => relative(ROOT, path))).toEqual([]);
  });

  test("no import cycles at run time", () => {
    const edges = new Map(
      files.map((file) => [
        file.path,
        file.imports
          .filter((each) => !each.isTypeOnly && each.specifier.startsWith("."))
          .map(({ specifier }) => resolve(dirname(file.path), specifier)),
      ]),
    );
    expect(findCycle(edges)?.map((path) => relative(SOURCE, path)) ?? null).toBeNull();
    expect(
      findCycle(
        new Map([
          ["a", ["b"]],
          ["b", ["a"]],
        ]),
      ),
    ).not.toBeNull();
  });
});

describe("movies", () => {
  test("knows nothing of greenlight but its config file", () => {
    const found = listFiles(join(ROOT, "movies"))
      .filter((path) => path.endsWith(".ts") && !path.endsWith("greenlight.config.ts"))
      .filter((path) => importsOf(readFileSync(path, "utf8")).some(({ specifier }) => /greenlight/u.test(specifier)));
    expect(found.map((path) => relative(ROOT, path))).toEqual([]);
  });
});

describe("the packages", () => {
  const manifests = ["package.json", "greenlight/package.json", "movies/package.json"].map((path) => ({
    path,
    json: JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Record<string, Record<string, string>>,
  }));
  const named = manifests.flatMap(({ json }) =>
    ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) => Object.entries(json[kind] ?? {})),
  );

  test("every version is exact", () => {
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+$/u.test(version))).toEqual([]);
  });

  test("each has its line in docs/decisions/dependencies.md, and no line is left over", () => {
    const text = readFileSync(join(ROOT, "docs/decisions/dependencies.md"), "utf8");
    const listed = [...text.matchAll(/^\| `([^`]+)`/gmu)].map((match) => match[1]);
    const wanted = new Set(named.map(([name]) => name).filter((name) => name !== "greenlight"));
    expect([...wanted].filter((name) => !listed.includes(name))).toEqual([]);
    expect(listed.filter((name) => !wanted.has(name ?? ""))).toEqual([]);
  });

  test("the lock file names no registry", () => {
    const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
    expect([...lock.matchAll(/"resolved": "(?!greenlight"|movies")[^"]*"/gu)].map((match) => match[0])).toEqual([]);
  });
});

function brokenRules(isAllowed: (from: string, to: string) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => ({ specifier, area: areaOf(resolve(dirname(file.path), specifier)) }))
      .filter(({ area }) => !isAllowed(file.area, area))
      .map(({ specifier }) => `${relative(ROOT, file.path)} → ${specifier}`),
  );
}

function areaOf(path: string): string {
  const parts = relative(SOURCE, path).split("/");
  if (parts.length === 1) return "root";
  return parts[0] === "adapters" ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
}

function adapterOf(path: string): string {
  return relative(SOURCE, path).split("/")[2] ?? "";
}

function importsOf(text: string): { specifier: string; isTypeOnly: boolean }[] {
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|^import\s+"([^"]+)"/gmu,
    ),
  ].map((match) => ({
    specifier: match[2] ?? match[3] ?? match[4] ?? "",
    isTypeOnly: match[1] !== undefined || match[3] !== undefined,
  }));
}

function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle !== null) return cycle;
    }
    done.add(node);
    return null;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (
      ["node_modules", "dist", ".git", ".greenlight", "coverage", "out", "data", ".venv", ".cache"].includes(entry.name)
    )
      return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}
