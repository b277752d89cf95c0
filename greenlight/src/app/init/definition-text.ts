import { nodeLines } from "./node-lines.ts";
import { pythonLines } from "./python-lines.ts";
import type { NodeFacts, PythonFacts, RepositoryFacts } from "./repository-facts.ts";

/** What one project adds to the definition: lines of TypeScript, of which each list ends up in its place. */
export interface DefinitionLines {
  /** Before the project: steps that several others need. */
  readonly constants: readonly string[];
  readonly quality: readonly string[];
  readonly test: readonly string[];
}

/** The text of a definition for a repository. It holds what was found; what could not be told is a comment. Pure. */
export function definitionText(facts: RepositoryFacts): string {
  const parts = facts.projects.map((project) => linesOf(project, facts));
  const toolkits = [...new Set(facts.projects.map(({ kind }) => kind))].toSorted();
  const constants = parts.flatMap((part) => part.constants);
  const choices = [...facts.choices, ...facts.projects.flatMap((project) => project.choices)];
  const branch = JSON.stringify(facts.mainBranch);
  return [
    'import { defineProject, pipeline, pullRequest, push } from "greenlight";',
    `import { ${toolkits.join(", ")} } from "greenlight/toolkits";`,
    "",
    ...choices.map((choice) => `// Open: ${oneLine(choice)}`),
    ...(choices.length > 0 ? [""] : []),
    ...constants,
    ...(constants.length > 0 ? [""] : []),
    "export default defineProject({",
    `  name: ${JSON.stringify(facts.name)},`,
    "  // Findings that are known fail nothing: `greenlight baseline write` notes them after a run.",
    "  pipelines: {",
    "    delivery: pipeline({",
    `      on: [push(${branch}), pullRequest(${branch})],`,
    "      stages: {",
    ...stage(
      "quality",
      parts.flatMap((part) => part.quality),
    ),
    ...stage(
      "test",
      parts.flatMap((part) => part.test),
    ),
    "        // build: [ … ] and deploy: [ … ]: `bundle` makes a release of the service, `deploy` brings it to an environment,",
    "        // blue-green. docs/definition.md has both; `processes` is this machine, `server` one that you reach by ssh:",
    '        // environments: { production: { target: server("deploy@example.com"), branches: [' + branch + "] } },",
    "      },",
    "    }),",
    "  },",
    "});",
    "",
  ].join("\n");
}

function linesOf(project: NodeFacts | PythonFacts, facts: RepositoryFacts): DefinitionLines {
  // Two projects of one folder would give their tests the same name.
  const isShared = facts.projects.filter(({ folder }) => folder === project.folder).length > 1;
  if (project.kind === "node") return nodeLines(project);
  const index = facts.projects.filter(({ kind }) => kind === "python").indexOf(project);
  return pythonLines(project, { constant: index === 0 ? "environment" : `environment${index + 1}`, isShared });
}

function stage(name: string, lines: readonly string[]): readonly string[] {
  if (lines.every((line) => line.startsWith("//"))) return lines.map((line) => `        ${line}`);
  return [`        ${name}: [`, ...lines.map((line) => `          ${line}`), "        ],"];
}

/** `call({ a: 1 })`, without what is undefined; `call()` when nothing is left. Values are JSON or code that `code` marks. */
export function callText(name: string, options: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return `${name}()`;
  return `${name}({ ${given.map(([key, value]) => `${key}: ${valueText(value)}`).join(", ")} })`;
}

/** A name of the definition's own, among values. */
export class Code {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function valueText(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  return JSON.stringify(value);
}

/** Names of files come from the repository, and a comment ends with its line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
