import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

/** Compiles `src` to `dist` with the project's `tsconfig.build.json`. */
export function compile(): StepDefinition {
  return step("compile", {
    run: "tsc -p tsconfig.build.json",
    inputs: ["src/**", "!src/**/*.test.ts", "!src/**/testing/**", "package.json", "tsconfig*.json"],
    packages: "all",
    outputs: { dist: "dist" },
  });
}
