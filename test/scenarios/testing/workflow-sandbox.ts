import { Sandbox } from "./sandbox.ts";

/** A project for workflows: what a runner clones and installs. */
export class WorkflowSandbox extends Sandbox {
  constructor() {
    super();
    this.write("package-lock.json", JSON.stringify({ name: "sandbox", lockfileVersion: 3, packages: {} }));
    this.write(".gitignore", "node_modules\nout\n");
  }

  /** Writes a definition whose one pipeline is `delivery`; both arguments are source text. */
  define(stages: string, more = ""): void {
    this.write(
      "greenlight.config.ts",
      `import { defineProject, effectStep, matrix, onBranch, onEvent, pipeline, pullRequest, push, report, step } from "greenlight";
     export default defineProject({ name: "shop", ${more} pipelines: { delivery: pipeline({ on: [push("main"), pullRequest("main")], ${stages} }) } });`,
    );
  }
}
