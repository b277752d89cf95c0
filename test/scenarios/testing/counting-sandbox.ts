import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { waitUntil } from "../../../greenlight/src/keeper/testing/wait-until.ts";
import { killGroup } from "./processes.ts";
import { recordedRun } from "./run-record.ts";
import { Sandbox } from "./sandbox.ts";

/** A project whose steps count their starts: `hang` sleeps as long as there is no file "go", `check` does what its script says. */
export class CountingSandbox extends Sandbox {
  constructor() {
    super();
    this.write("in.txt", "film\n");
    this.write("check.sh", "exit 0\n");
    this.write("counts/.keep", "");
    this.write(
      "greenlight.config.ts",
      `import { defineProject, pipeline, step } from "greenlight";
     const counted = (name, rest) => "echo x >> counts/" + name + "; " + rest;
     const make = step("make", { run: counted("make", "mkdir -p out && cp in.txt out/made"), inputs: ["in.txt"], outputs: { made: "out/made" } });
     const other = step("other", { run: counted("other", "true"), inputs: [] });
     const hang = step("hang", { run: counted("hang", "echo $$ > pid; test -f go && exit 0; sleep 300"), needs: { make }, timeoutMs: 120_000 });
     const check = step("check", { run: counted("check", "sh check.sh"), inputs: ["check.sh"], needs: { make } });
     const after = step("after", { run: counted("after", "true"), inputs: [], needs: { check, hang } });
     const last = step("last", { run: counted("last", "true"), inputs: [] });
     export default defineProject({ name: "shop", pipelines: { delivery: pipeline({
       stages: { build: [make, other], test: [hang, check], end: [after] }, finally: [last] }) } });`,
    );
  }

  /** Starts a run and kills its engine while "hang" is at it and "check" has passed; resolves to the run's id. */
  async killedRun(): Promise<string> {
    const child = this.start(["run"]);
    await this.hangs();
    const isChecked = async (): Promise<boolean> => (await recordedRun(this.folder)).step("check").outcome === "passed";
    await waitUntil("the check", async () => ((await isChecked()) ? true : null), 60_000);
    child.kill("SIGKILL");
    await once(child, "close");
    return (await recordedRun(this.folder)).view.id;
  }

  /** Waits until "hang" hangs. */
  async hangs(): Promise<void> {
    const path = join(this.folder, "pid");
    await waitUntil("its pid", () => (existsSync(path) && this.read("pid").trim() !== "" ? true : null), 60_000);
  }

  /** Step → how often it was started; without those that never were. */
  counts(): Record<string, number> {
    const names = ["make", "other", "hang", "check", "after", "last"];
    return Object.fromEntries(
      names.flatMap((name) => {
        const path = `counts/${name}`;
        if (!existsSync(join(this.folder, path))) return [];
        return [[name, this.read(path).trim().split("\n").length]];
      }),
    );
  }

  override async dispose(): Promise<void> {
    await this.endStarted();
    // A step of a killed engine lives in a group of its own.
    if (existsSync(join(this.folder, "pid"))) killGroup(Number(this.read("pid")));
    await super.dispose();
  }
}
