import { cutText } from "../../bounds.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import { ESCAPE } from "./junit-text.ts";

/** A test as its report tells it. */
export interface ReadCase {
  readonly name: string;
  readonly file: string | null;
  readonly durationMs: number;
  readonly isSkipped: boolean;
  /** The failure's text; null when the test did not fail. */
  readonly failure: string | null;
  /** What it failed with before it passed when it was run again; null when it did not. */
  readonly flaky: string | null;
}

/** A test case of which some elements are still to come. */
export interface CaseInProgress {
  /** How deep its element lies; 0: a suite that failed itself. */
  readonly depth: number;
  readonly isSuiteFault: boolean;
  /** An element of it; true when its text is wanted. */
  beginPart(name: string, attributes: Attributes): boolean;
  text(text: string): void;
  endPart(): void;
  end(): ReadCase;
}

type Attributes = Readonly<Record<string, string>>;

/** Reads one test case. Its name, file and time stand in its attributes, how it ended in its elements. */
export function openCase(found: {
  readonly attributes: Attributes;
  readonly suiteFile: string | null;
  readonly depth: number;
  readonly projectFolder: string;
}): CaseInProgress {
  const { attributes, depth, projectFolder } = found;
  let part: { readonly isFlaky: boolean; readonly message: string; body: string } | null = null;
  let failure: string | null = null;
  let flaky: string | null = null;
  let skipped: "no" | "skipped" | "to do" = "no";
  return {
    depth,
    isSuiteFault: depth === 0,
    beginPart(name, given) {
      // node:test: a test that is still to be done may fail, and says so beside it.
      if (name === "skipped") skipped = given["type"] === "todo" ? "to do" : "skipped";
      const isFlaky = name === "flakyFailure" || name === "flakyError";
      if (isFlaky ? flaky !== null : failure !== null || (name !== "failure" && name !== "error")) return false;
      part = { isFlaky, message: given["message"] ?? "", body: "" };
      return true;
    },
    text(text) {
      if (part !== null && part.body.length < MAX_KEPT) part.body += text.slice(0, MAX_KEPT);
    },
    endPart() {
      if (part === null) return;
      const text = failureText(part.message, part.body.trim(), projectFolder);
      if (part.isFlaky) flaky = text;
      else failure = text;
      part = null;
    },
    end() {
      const isSkipped = skipped === "to do" || (skipped === "skipped" && failure === null);
      return {
        ...nameOf(attributes, found.suiteFile, projectFolder),
        durationMs: durationOf(attributes["time"]),
        isSkipped,
        failure: isSkipped ? null : failure,
        flaky: isSkipped || failure !== null ? null : flaky,
      };
    },
  };
}

/** Four times what evidence keeps of a text, in UTF-16 units. */
const MAX_KEPT = 8000;

function nameOf(
  attributes: Attributes,
  suiteFile: string | null,
  projectFolder: string,
): Pick<ReadCase, "name" | "file"> {
  const title = attributes["name"] ?? "unnamed";
  const className = attributes["classname"] ?? "";
  // vitest writes the file into `classname`; pytest, node:test and surefire write a dotted class there, jest-junit the title.
  const isClassFile = /[/\\]|\.[cm]?[jt]sx?$/.test(className);
  const isNamedByTitle = isClassFile || className === "" || className === title || className === "test";
  const file = attributes["file"] ?? (isClassFile ? className : suiteFile);
  return {
    name: clean(isNamedByTitle ? title : `${className} > ${title}`, 500) || "unnamed",
    file: file === null ? null : projectPath(projectFolder, clean(file, 2000)),
  };
}

/** Milliseconds; some writers group thousands: "1,234.5". What is no time counts as none. */
function durationOf(time: string | undefined): number {
  const seconds = Number((time ?? "0").replaceAll(",", ""));
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, MAX_DURATION_MS) : 0;
}

/** A year: half a million such tests still add up to a whole number. */
const MAX_DURATION_MS = 366 * 24 * 3_600_000;

function failureText(message: string, body: string, projectFolder: string): string {
  // pytest's text begins with the test's own source; what went wrong is its message.
  const isTold = firstLine(body).includes(firstLine(message));
  const whole = isTold ? body : `${message}\n${body}`;
  return clean(withoutFolder(projectFolder, whole), 2000) || "failed without a message";
}

function clean(text: string, limit: number): string {
  return cutText(text.slice(0, MAX_KEPT).replaceAll(ESCAPE, "\u001b"), limit);
}

function firstLine(text: string): string {
  return text.trimStart().split("\n", 1)[0] ?? "";
}
