import { XMLParser } from "fast-xml-parser";

import { err, ok } from "../../base/result.ts";
import { cutText, MAX_ENTRIES } from "../bounds.ts";
import type { TestsEvidence } from "../evidence.ts";
import { projectPath, withoutFolder } from "../project-path.ts";
import type { Reader } from "./reader.ts";
import { attributeOf, childrenOf, textOf, type XmlNode } from "./xml-node.ts";

/**
 * JUnit XML, the dialects of vitest, pytest, jest-junit and the surefire plug-in: one or many suites, nested or not.
 * Counts come from the test cases themselves, never from the totals that a suite claims.
 */
export const readJunit: Reader = (text, { tool, projectFolder }) => {
  const parsed = parseXml(text);
  if (typeof parsed === "string") return err({ message: parsed });
  const roots = [...childrenOf(parsed, "testsuites"), ...childrenOf(parsed, "testsuite")];
  if (roots.length === 0) return err({ message: "neither <testsuites> nor <testsuite> in it" });
  const cases = roots.flatMap((root) => collectCases(root, null)).map((found) => readCase(found, projectFolder));
  const failed = cases.filter((each) => each.failure !== null);
  const ran = cases.filter((each) => !each.isSkipped);
  const evidence: TestsEvidence = {
    kind: "tests",
    tool,
    passedCount: ran.length - failed.length,
    failedCount: failed.length,
    skippedCount: cases.length - ran.length,
    durationMs: Math.round(ran.reduce((sum, each) => sum + each.durationMs, 0)),
    failures: failed
      .slice(0, MAX_ENTRIES)
      .map(({ name, file, failure }) => ({ name, file, message: failure ?? "failed" })),
    slowest: ran
      .toSorted((left, right) => right.durationMs - left.durationMs)
      .slice(0, SLOWEST_COUNT)
      .map(({ name, durationMs }) => ({ name, durationMs: Math.round(durationMs) })),
  };
  return ok([evidence]);
};

const SLOWEST_COUNT = 10;

interface TestCase {
  readonly name: string;
  readonly file: string | null;
  readonly durationMs: number;
  readonly isSkipped: boolean;
  /** The failure's text; null when the test did not fail. */
  readonly failure: string | null;
}

/** Entities stay off: a report can't make the parser expand anything; the five plain ones are decoded by `textOf`. */
function parseXml(text: string): XmlNode | string {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    cdataPropName: "#cdata",
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
  });
  try {
    const parsed: unknown = parser.parse(text, true);
    return typeof parsed === "object" && parsed !== null ? (parsed as XmlNode) : "not XML";
  } catch (error) {
    return `not XML: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function collectCases(
  node: XmlNode,
  suiteFile: string | null,
): { readonly node: XmlNode; readonly suiteFile: string | null }[] {
  const file = attributeOf(node, "file") ?? suiteFile;
  return [
    ...childrenOf(node, "testcase").map((testCase) => ({ node: testCase, suiteFile: file })),
    ...childrenOf(node, "testsuite").flatMap((suite) => collectCases(suite, file)),
  ];
}

function readCase(
  { node, suiteFile }: { readonly node: XmlNode; readonly suiteFile: string | null },
  projectFolder: string,
): TestCase {
  const title = attributeOf(node, "name") ?? "unnamed";
  const className = attributeOf(node, "classname");
  // vitest writes the file into `classname`; pytest and surefire write a dotted class there.
  const isClassFile = className !== null && /[/\\]|\.[cm]?[jt]sx?$/.test(className);
  const file = attributeOf(node, "file") ?? (isClassFile ? className : suiteFile);
  const broken = [...childrenOf(node, "failure"), ...childrenOf(node, "error")];
  const seconds = Number(attributeOf(node, "time") ?? "0");
  return {
    name: cutText(isClassFile || className === null || className === "" ? title : `${className} > ${title}`, 500),
    file: file === null ? null : projectPath(projectFolder, cutText(file)),
    durationMs: Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER) : 0,
    isSkipped: broken.length === 0 && childrenOf(node, "skipped").length > 0,
    failure: broken[0] === undefined ? null : failureText(broken[0], projectFolder),
  };
}

function failureText(node: XmlNode, projectFolder: string): string {
  const message = attributeOf(node, "message") ?? "";
  const body = textOf(node);
  const whole = body.includes(message) ? body : `${message}\n${body}`;
  return cutText(withoutFolder(projectFolder, whole)) || "failed without a message";
}
