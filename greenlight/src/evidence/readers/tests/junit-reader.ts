import { SaxesParser } from "saxes";

import { err, ok, type Result } from "../../../base/result.ts";
import type { Evidence } from "../../evidence.ts";
import type { Reader, ReadOptions, StreamReader, Unreadable } from "../reader.ts";
import { withoutForbidden } from "./junit-text.ts";
import { openCase, type CaseInProgress, type ReadCase } from "./test-case.ts";
import { TestTally } from "./test-tally.ts";

/** Takes a report piece by piece. Never throws, whatever the pieces. */
interface PieceReader {
  add(piece: string): void;
  end(): Result<Evidence[], Unreadable>;
}

/**
 * JUnit XML, read as it comes in: the dialects of vitest, jest-junit, pytest, node:test, surefire and Gradle, one or many
 * suites, nested or not. Counts come from the test cases themselves, never from the totals that a suite claims. Only
 * what evidence keeps is held: a report of half a million tests needs no more memory than a short one.
 */
export function openJunit({ tool, projectFolder }: ReadOptions & { readonly tool: string }): PieceReader {
  const tally = new TestTally(tool);
  const document = openDocument(projectFolder, (read) => tally.add(read));
  let fault: string | null = null;
  const attempt = (work: () => void): void => {
    if (fault !== null) return;
    try {
      work();
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
  };
  return {
    add: (piece) => attempt(() => document.parser.write(withoutForbidden(piece))),
    end: () => {
      attempt(() => document.parser.close());
      if (fault !== null) return err({ message: fault.startsWith("it ") ? fault : `not XML: ${fault}` });
      if (!document.hasSuite()) return err({ message: "neither <testsuites> nor <testsuite> in it" });
      return ok([tally.evidence()]);
    },
  };
}

/** See `openJunit`. */
export const readJunit: Reader = (text, options) => {
  const reader = openJunit(options);
  reader.add(text);
  return reader.end();
};

/** See `openJunit`; of any size. */
export const readJunitStream: StreamReader = async (chunks, options) => {
  const reader = openJunit(options);
  const decoder = new TextDecoder();
  for await (const chunk of chunks()) reader.add(decoder.decode(chunk, { stream: true }));
  reader.add(decoder.decode());
  return reader.end();
};

const MAX_DEPTH = 100;
interface Suite {
  readonly name: string;
  readonly file: string | null;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function openDocument(projectFolder: string, tell: (read: ReadCase) => void) {
  const parser = new SaxesParser();
  const path: string[] = [];
  const suites: Suite[] = [];
  let current: CaseInProgress | null = null;
  /** Depth of the element whose text is wanted, and of the innermost one whose text is not; 0: none. */
  let wantedAt = 0;
  let unwantedAt = 0;
  let sawSuite = false;
  const hear = (text: string): void => {
    if (wantedAt > 0 && unwantedAt === 0) current?.text(text);
  };

  parser.on("error", (error) => {
    // Old surefire plug-ins write control characters as references; the text stays as it stands.
    if (!/malformed character entity|character entity/i.test(error.message)) throw error;
  });
  parser.on("doctype", (doctype) => {
    if (/<!ENTITY/i.test(doctype)) throw new Error("it declares entities, which no test report needs");
  });
  parser.on("cdata", hear);
  parser.on("opentag", ({ name, attributes }) => {
    path.push(name);
    if (path.length > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH} elements`);
    if (path.length === 1 && (name === "testsuites" || name === "testsuite")) sawSuite = true;
    if (!sawSuite) return;
    open({ name, attributes });
  });
  parser.on("closetag", ({ name }) => {
    const depth = path.length;
    path.pop();
    if (depth === unwantedAt) unwantedAt = 0;
    if (depth === wantedAt) {
      wantedAt = 0;
      parser.off("text");
      current?.endPart();
      if (current?.isSuiteFault === true) tellCurrent();
    }
    if (name === "testcase" && depth === current?.depth) tellCurrent();
    if (name === "testsuite" && current === null) suites.pop();
  });
  return { parser, hasSuite: () => sawSuite };

  function open(element: Element): void {
    const { name, attributes } = element;
    if (wantedAt > 0) {
      // What a retried test wrote stands beside its stack trace.
      if (unwantedAt === 0 && (name === "system-out" || name === "system-err")) unwantedAt = path.length;
      return;
    }
    const suite = suites.at(-1) ?? NO_SUITE;
    if (current === null) {
      if (name === "testsuite") {
        suites.push({ name: attributes["name"] ?? "", file: attributes["file"] ?? suite.file });
        return;
      }
      if (name === "testcase")
        current = openCase({ attributes, suiteFile: suite.file, depth: path.length, projectFolder });
      // A suite whose set-up broke says so itself.
      else if ((name === "failure" || name === "error") && path.at(-2) === "testsuite") {
        const named = { name: suite.name };
        current = openCase({ attributes: named, suiteFile: suite.file, depth: 0, projectFolder });
      } else return;
      if (name === "testcase") return;
    }
    if (path.length !== current.depth + 1 && current.depth > 0) return;
    if (current.beginPart(name, attributes)) {
      wantedAt = path.length;
      parser.on("text", hear);
    }
  }

  function tellCurrent(): void {
    if (current !== null) tell(current.end());
    current = null;
  }
}

const NO_SUITE: Suite = { name: "", file: null };
