import type { DefinitionLines } from "./definition-lines.ts";
import { nodeLines } from "./node-lines.ts";
import { pythonLines } from "./python-lines.ts";
import type { NodeFacts, PythonFacts, RepositoryFacts } from "./repository-facts.ts";

/** Characters of a line, as most formatters have it. */
const MOST = 80;

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

/** As Prettier would write it: on one line where it fits, so that a project's own formatter has nothing to say. */
function stage(name: string, lines: readonly string[]): readonly string[] {
  if (lines.every(isComment)) return lines.map((line) => `        ${line}`);
  const short = `        ${name}: [${lines.join(" ").replace(/,$/u, "")}],`;
  if (short.length <= MOST && !lines.some(isComment)) return [short];
  return [`        ${name}: [`, ...lines.map((line) => `          ${line}`), "        ],"];
}

function isComment(line: string): boolean {
  return line.startsWith("//");
}

/** Names of files come from the repository, and a comment ends with its line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
