import type { RunView } from "../engine/run-view.ts";
import type { Evidence, Finding } from "../evidence/evidence.ts";
import { isCounted } from "../evidence/findings.ts";
import { howFlaky } from "../evidence/judge-tests.ts";

/** GitHub shows ten of each type for a step of a job; more are dropped without a word. */
const MOST_PER_TYPE = 10;
const TYPES = { error: "error", warning: "warning", note: "notice" } as const;
const SHOWN_CHARACTERS = 1000;

/**
 * New findings and flaky tests of the given steps as workflow commands of GitHub Actions, which shows them at their lines:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions. The worst first; where there are more
 * than GitHub shows, the last one of a type says how many. `folder` is where the project lies in its repository, or empty.
 */
export function githubAnnotations(
  view: RunView,
  options: { readonly steps: ReadonlySet<string>; readonly folder: string },
): readonly string[] {
  const found = view.stages
    .flatMap((stage) => stage.steps)
    .filter((step) => options.steps.has(step.name))
    .flatMap((step) => step.evidence)
    .flatMap(notesOf);
  return (["error", "warning", "note"] as const).flatMap((level) => {
    const own = found.filter((note) => note.level === level);
    const isCut = own.length > MOST_PER_TYPE;
    const shown = own.slice(0, isCut ? MOST_PER_TYPE - 1 : MOST_PER_TYPE);
    const lines = shown.map((note) => command(note, options.folder));
    const rest = `${own.length - shown.length} more of this level: see the run's report`;
    return isCut ? [...lines, `::${TYPES[level]}::${escapeData(rest)}`] : lines;
  });
}

interface Note extends Pick<Finding, "level" | "message" | "file" | "line"> {
  readonly title: string;
}

function notesOf(evidence: Evidence): readonly Note[] {
  if (evidence.kind === "findings") {
    // A baseline or a suppression may say that a finding is no news.
    return evidence.findings.filter(isCounted).map(({ rule, ...finding }) => ({
      ...finding,
      title: `${evidence.tool}: ${rule}`,
    }));
  }
  if (evidence.kind !== "tests") return [];
  const level = LEVELS[evidence.flakyOutcome ?? "warn"];
  return (evidence.flaky ?? []).map((test) => ({
    level,
    title: `${evidence.tool}: flaky test`,
    message: `${test.name}: ${howFlaky(test)}; it failed with: ${test.message}`,
    file: test.file,
    line: null,
  }));
}

const LEVELS = { pass: "note", warn: "warning", fail: "error" } as const;

function command({ title, level, message, file, line }: Note, folder: string): string {
  const isInside = file !== null && !file.startsWith("../");
  const place = isInside
    ? { file: folder === "" ? file : `${folder}/${file}`, ...(line === null ? {} : { line }) }
    : {};
  const properties = Object.entries({ ...place, title })
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(",");
  return `::${TYPES[level]} ${properties}::${escapeData(message.slice(0, SHOWN_CHARACTERS))}`;
}

/** As GitHub's own toolkit writes them, so that no text can end its command or begin another. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
