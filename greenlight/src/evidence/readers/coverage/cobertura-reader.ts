import { SaxesParser } from "saxes";

import { err, ok } from "../../../base/result.ts";
import { coverageEvidence, fileOfLines } from "../../coverage-files.ts";
import type { FileCoverage } from "../../evidence.ts";
import { isLine } from "../../line-ranges.ts";
import { projectPath } from "../../project-path.ts";
import type { Reader, ReadOptions } from "../reader.ts";

/**
 * Cobertura's XML, as coverage.py, istanbul, coverlet and gcovr write it. Lines are counted from a class's own list
 * (methods repeat it), never from the rates that are claimed; classes of the same file add up.
 */
export const readCobertura: Reader = (text, options) => {
  const found: Found = { isCobertura: false, sources: [], files: new Map() };
  try {
    readInto(found, text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return err({ message: message.startsWith("it ") ? message : `not XML: ${message}` });
  }
  if (!found.isCobertura) return err({ message: "no <coverage> with <packages> in it" });
  const files = [...found.files].map(([name, file]) => toFile(pathOf(name, found.sources, options), file));
  return ok([coverageEvidence({ files, floorPercent: options.floorPercent ?? null })]);
};

const MAX_DEPTH = 100;

interface Found {
  isCobertura: boolean;
  readonly sources: string[];
  readonly files: Map<string, ClassLines>;
}

interface ClassLines {
  /** Line → how often it ran. */
  readonly lines: Map<number, number>;
  /** Line → how many of its branches were taken. */
  readonly branches: Map<number, { readonly coveredCount: number; readonly totalCount: number }>;
  /** Method with its signature → how often its first line ran. */
  readonly methods: Map<string, number>;
}

function readInto(found: Found, text: string): void {
  const parser = new SaxesParser();
  const path: string[] = [];
  let file: ClassLines | null = null;
  let method: string | null = null;
  let source: string | null = null;
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", (doctype) => {
    if (/<!ENTITY/i.test(doctype)) throw new Error("it declares entities, which no coverage report needs");
  });
  parser.on("text", (part) => {
    if (source !== null) source += part;
  });
  parser.on("opentag", ({ name, attributes }) => {
    path.push(name);
    if (path.length > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH} elements`);
    if (path[0] !== "coverage") return;
    if (name === "packages") found.isCobertura = true;
    if (name === "source") source = "";
    const named = attributes["filename"];
    if (name === "class" && named !== undefined) {
      file = found.files.get(named) ?? { lines: new Map(), branches: new Map(), methods: new Map() };
      found.files.set(named, file);
    }
    if (name === "method") method = `${attributes["name"] ?? ""}${attributes["signature"] ?? ""}`;
    if (name === "line" && file !== null) addLine(file, method, attributes);
  });
  parser.on("closetag", ({ name }) => {
    path.pop();
    if (name === "source" && source !== null) {
      found.sources.push(source.trim());
      source = null;
    }
    if (name === "class") file = null;
    if (name === "method") method = null;
  });
  parser.write(text).close();
}

function addLine(file: ClassLines, method: string | null, attributes: Readonly<Record<string, string>>): void {
  const line = Number(attributes["number"]);
  const hits = Number(attributes["hits"]);
  if (!isLine(line) || Number.isNaN(hits)) throw new Error("it has a line without a number or hits");
  if (method !== null) {
    if (!file.methods.has(method)) file.methods.set(method, hits);
    return;
  }
  file.lines.set(line, Math.max(file.lines.get(line) ?? 0, hits));
  // "50% (1/2)"
  const share = /\((\d{1,9})\/(\d{1,9})\)/.exec(attributes["condition-coverage"] ?? "");
  if (share === null) return;
  const [coveredCount, totalCount] = [Math.min(Number(share[1]), Number(share[2])), Number(share[2])];
  if (coveredCount >= (file.branches.get(line)?.coveredCount ?? 0)) file.branches.set(line, { coveredCount, totalCount });
}

/** Names are relative to one of the sources, and nothing says to which; a file that is there tells. */
function pathOf(name: string, sources: readonly string[], { projectFolder, isFile }: ReadOptions): string {
  const places = sources.filter((source) => source !== "").map((source) => `${source.replace(/[/\\]+$/u, "")}/${name}`);
  const absolute = [...places, name].map((place) => projectPath(projectFolder, place) ?? name);
  const there = isFile === undefined ? undefined : absolute.find((place) => isFile(`${projectFolder}/${place}`));
  return there ?? (/^(?:\/|[A-Za-z]:[/\\])/u.test(name) ? projectPath(projectFolder, name) : absolute[0]) ?? name;
}

function toFile(path: string, { lines, branches, methods }: ClassLines): FileCoverage {
  const of = (wanted: boolean): number[] => [...lines].flatMap(([line, hits]) => (hits > 0 === wanted ? line : []));
  const all = [...branches.values()];
  const counts = {
    branches: {
      coveredCount: all.reduce((sum, each) => sum + each.coveredCount, 0),
      totalCount: all.reduce((sum, each) => sum + each.totalCount, 0),
    },
    functions: {
      coveredCount: [...methods.values()].filter((hits) => hits > 0).length,
      totalCount: methods.size,
    },
  };
  return fileOfLines(path, { hit: of(true), missed: of(false) }, counts);
}
