import { callText, type DefinitionLines } from "./definition-lines.ts";
import type { NodeFacts } from "./repository-facts.ts";

const AUDITS = { npm: "npm", pnpm: "pnpm", yarn: "yarn", "yarn-classic": "yarn-classic" } as const;

/** The steps of a Node project with the tools that it has. */
export function nodeLines(facts: NodeFacts): DefinitionLines {
  const { folder, format, lint, hasTypes, typeProjects, tests, manager } = facts;
  const call = (name: string, options: Readonly<Record<string, unknown>> = {}): string =>
    `${callText(`node.${name}`, { folder, ...options })},`;
  return {
    constants: [],
    quality: [
      format === null ? `// ${call("format", { tool: "prettier" })}` : call("format", { tool: format }),
      lint === null ? `// ${call("lint", { tool: "eslint" })}` : call("lint", { tool: lint }),
      ...(hasTypes && typeProjects.length === 0 ? [call("types")] : []),
      ...typeProjects.map((project) =>
        call("types", { project, name: `types of ${folder === "" ? "" : `${folder}/`}${project}` }),
      ),
      ...(manager === null ? [] : [call("audit", { tool: AUDITS[manager] })]),
    ],
    test: [
      tests === null
        ? `// ${call("unitTests", { tool: "vitest" })}`
        : call("unitTests", { tool: tests === "node:test" ? "node" : tests }),
    ],
  };
}
