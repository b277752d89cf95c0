import { deepEqual } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { onTestFailed } from "vitest";

import { mergeParts } from "../../../greenlight/src/app/handover/merge-parts.ts";
import { parsePart } from "../../../greenlight/src/app/handover/part-file.ts";
import type { RunEvent } from "../../../greenlight/src/engine/event.ts";
import { viewRun } from "../../../greenlight/src/engine/run-view.ts";
import { runWorkflow, type RunnerOptions, type WorkflowRun } from "./actions-runner.ts";
import { tellJobs, writeProgram, writeRunnerTools } from "./runner-tools.ts";
import { GREENLIGHT } from "./sandbox.ts";
import { WorkflowSandbox } from "./workflow-sandbox.ts";

export const WORKFLOW = ".github/workflows/ci-cd.yml";

/** Each step writes its name where all machines see it, so that a step that ran twice shows. */
const STAGES = `
  stages: (() => {
    const say = (name) => \`echo "\${name}" >> "$LEDGER"\`;
    const env = ["LEDGER", "FAIL"];
    const films = step("films", { run: \`\${say("films")} && mkdir -p out && cp films.txt out/films\`, inputs: ["films.txt"], outputs: { films: "out/films" }, env });
    const notes = step("notes", { run: \`\${say("notes")} && mkdir -p out && date +%N > out/notes\`, outputs: { notes: "out/notes" }, env });
    const unit = step("unit", {
      run: \`\${say("unit $MATRIX_NODE $MATRIX_OS")} && { test "$MATRIX_NODE" != "$FAIL" || test -e "$LEDGER.mended"; } && grep -q film out/films\`,
      needs: { films }, inputs: [], env,
      matrix: matrix({ node: [22, 24, "26"], os: ["linux"] }, { exclude: [{ node: 24 }], include: [{ node: "lts", os: "mac" }] }),
    });
    const lint = step("it's a lint", { run: say("lint"), inputs: [], env });
    const merge = step("merge", { run: \`\${say("merge")} && cat out/notes > out/merged\`, needs: { unit, notes }, inputs: [], outputs: { merged: "out/merged" }, env });
    const bundle = step("bundle", { run: \`\${say("bundle")} && cmp out/notes out/merged && test "$TOKEN" = hunter-22-token && cat out/films > out/bundle\`, secrets: ["TOKEN"], needs: { merge, films, notes }, inputs: [], outputs: { bundle: "out/bundle" }, env });
    const only = step("on pushes", { run: say("on pushes"), inputs: [], env, when: onEvent("push") });
    return {
      "데이터 $(id) \${{ github.actor }}": [films, notes],
      test: [unit, lint, merge],
      build: [bundle],
      publish: [only],
    };
  })(),
  finally: [report(), step("sweep", { run: 'echo sweep >> "$LEDGER"', env: ["LEDGER"] })],`;

/** GitHub keeps it under the name of the variable, and only the job of the step that names it gets it. */
const SECRETS = { TOKEN_DEV: "hunter-22-token" };

/** What the ledger holds after all of a push, in any order. */
export const ROWS = [
  "films",
  "notes",
  "unit 22 linux",
  "unit 26 linux",
  "unit lts mac",
  "lint",
  "merge",
  "bundle",
  "on pushes",
  "sweep",
];
/** A project that is compiled and committed, and what becomes of it on a runner: each job works in a clone of its own. */
export class LedgerWorkflow {
  readonly sandbox: WorkflowSandbox = new WorkflowSandbox();
  readonly scratch: string = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-actions-")));
  readonly ledger: string = join(this.scratch, "ledger");
  readonly #bin: string = join(this.scratch, "bin");
  #sha = "";

  static async compile(): Promise<LedgerWorkflow> {
    const workflow = new LedgerWorkflow();
    const { sandbox } = workflow;
    sandbox.write("films.txt", "a film\n");
    sandbox.define(STAGES, 'secrets: { TOKEN: { from: "environment", variable: "TOKEN_DEV" } },');
    sandbox.commit();
    const { status, stderr } = await sandbox.greenlight(["compile", "github-actions"]);
    if (status !== 0) throw new Error(stderr);
    workflow.#sha = sandbox.commit();
    // `npm ci` brings the packages; here they are linked, because nothing is fetched in a test.
    const modules = join(sandbox.folder, "node_modules");
    writeRunnerTools(workflow.#bin, `test "$1" = ci && ln -sn "${modules}" node_modules`);
    mkdirSync(join(modules, ".bin"), { recursive: true });
    const program = `exec "${process.execPath}" "${GREENLIGHT}" "$@"`;
    writeProgram(join(modules, ".bin/greenlight"), program);
    return workflow;
  }

  /** As GitHub would run it for a push to main, unless `more` says otherwise. */
  async run(more: Partial<RunnerOptions> = {}): Promise<WorkflowRun> {
    const ran = await runWorkflow(this.sandbox.read(WORKFLOW), this.#options(more));
    onTestFailed(() => console.log(tellJobs(ran.jobs)));
    return ran;
  }

  /** The same run on one machine, in a clone of its own and with a ledger of its own: step → outcome. */
  runHere(env: Readonly<Record<string, string>> = {}): Record<string, string> {
    const here = join(this.scratch, "here");
    const script = `git clone --quiet "${this.sandbox.folder}" "${here}" && cd "${here}" && npm ci && npx --no-install greenlight run --json --concurrency 1 || true`;
    const own = { HOME: this.scratch, USER: "lee", LEDGER: join(this.scratch, "ledger-here") };
    const stdout = execFileSync("bash", ["-c", script], {
      encoding: "utf8",
      env: { ...this.#options().env, ...SECRETS, ...own, ...env },
    });
    return outcomesOf(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as RunEvent),
    );
  }

  /** What the steps have written into the ledger. */
  rows(): readonly string[] {
    return existsSync(this.ledger) ? readFileSync(this.ledger, "utf8").trim().split("\n") : [];
  }

  /** Step → outcome, as all parts together tell it. */
  merged(): Record<string, string> {
    const artifacts = join(this.scratch, "runner/artifacts");
    const parts = readdirSync(artifacts)
      .filter((name) => name.startsWith("greenlight-part-"))
      .flatMap((name) => readdirSync(join(artifacts, name)).map((part) => join(artifacts, name, part, "part.jsonl")))
      .map((path) => {
        const parsed = parsePart(readFileSync(path, "utf8"));
        if (!parsed.ok) throw new Error(parsed.error);
        return parsed.value;
      });
    const events = mergeParts(parts);
    if (!events.ok) throw new Error(JSON.stringify(events.error));
    const sequences = events.value.map((event) => event.sequence);
    deepEqual(
      sequences,
      sequences.map((_event, index) => index + 1),
    );
    return outcomesOf(events.value);
  }

  async dispose(): Promise<void> {
    await this.sandbox.dispose();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  #options(more: Partial<RunnerOptions> = {}): RunnerOptions {
    const push = { event_name: "push", ref_name: "main", ref_type: "branch", head_ref: "" };
    return {
      origin: this.sandbox.folder,
      folder: join(this.scratch, "runner"),
      secrets: SECRETS,
      ...more,
      github: { actor: "lee", repository: "kim/shop", run_id: "77", sha: this.#sha, ...push, ...more.github },
      env: {
        PATH: `${this.#bin}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        LEDGER: this.ledger,
        FAIL: "none",
        ...more.env,
      },
    };
  }
}

function outcomesOf(events: readonly RunEvent[]): Record<string, string> {
  const view = viewRun(events);
  return Object.fromEntries(
    view?.stages.flatMap((stage) => stage.steps.map((each) => [each.name, each.outcome])) ?? [],
  );
}
