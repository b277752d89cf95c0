import type { ToolDescriptor, ToolExit } from "../../pipeline/tool-definition.ts";

/** The descriptor of a tool that a project installs from npm. */
export function npmTool(
  name: string,
  options: {
    /** The program where it is not called as the package is. */
    readonly program?: string;
    /** The package where it is not called as the tool is. */
    readonly package?: string;
    readonly versions: string;
    readonly exits: Readonly<Record<string, ToolExit>>;
    /** Packages that have to be installed beside it. */
    readonly beside?: readonly string[];
  },
): ToolDescriptor {
  const packageName = options.package ?? name;
  return {
    name,
    program: options.program ?? name,
    install: `npm install --save-dev ${[packageName, ...(options.beside ?? [])].join(" ")}`,
    package: { ecosystem: "npm", name: packageName },
    versions: options.versions,
    exits: options.exits,
  };
}
