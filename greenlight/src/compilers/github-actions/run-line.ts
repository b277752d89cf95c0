import { literal } from "./expression.ts";

export interface RunLine {
  readonly pipeline: string;
  /** Relative to the folder in which the line runs; "." when that is the project. */
  readonly project: string;
  readonly stages: readonly string[];
  /** Steps by name; empty: all of the stages. */
  readonly steps: readonly string[];
  readonly isMatrix: boolean;
}

/** The call of one part of a run. What GitHub tells comes in by variables, so that none of it can become shell. */
export function runLine(line: RunLine): string {
  const words = ["npx", "--no-install", "greenlight", "run", shellWord(line.pipeline)];
  if (line.project !== ".") words.push("--project", shellWord(line.project));
  for (const stage of line.stages) words.push(option("--stage", stage));
  for (const step of line.steps) words.push(option("--step", step));
  if (line.isMatrix) words.push("--matrix", '"$GREENLIGHT_MATRIX"');
  words.push("--run", '"$GREENLIGHT_RUN"', "--part", '"$GREENLIGHT_PART"', "--handover", '"$RUNNER_TEMP/greenlight"');
  return words.join(" ");
}

/** A value that starts with a dash would be taken for an option, did it stand by itself. */
function option(name: string, value: string): string {
  return `${name}${value.startsWith("-") ? "=" : " "}${shellWord(value)}`;
}

/** A word of a POSIX shell that means exactly `text`, also after GitHub has looked for expressions in it. */
function shellWord(text: string): string {
  if (/^[\w./:=@%+,][\w./:=@%+,-]*$/u.test(text)) return text;
  return literal(`'${text.replaceAll("'", String.raw`'\''`)}'`);
}
