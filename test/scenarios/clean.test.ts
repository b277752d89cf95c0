import { cpSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { ended, freePort, Sandbox } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let sandbox: Sandbox;
let port: number;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline, step } from "greenlight";
     import { processes } from "greenlight/targets";
     const environments = { staging: { target: processes({ port: ${port}, bakeMs: 200 }), branches: ["main"] } };
     const words = step("words", { run: "mkdir -p out && cp words.txt out/words.txt && cat words.txt", inputs: ["words.txt"], outputs: { words: "out/words.txt" } });
     const release = bundle({ needs: { words }, files: ["server.mjs", "package.json", "words.txt"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments,
       retention: { runs: { keep: 1, days: 0 }, cache: { days: 0 }, releases: { keep: 2 } },
       pipelines: { delivery: pipeline({ stages: { make: [words, release], deploy: [deploy("staging", { needs: { release } })] } }) } });`,
  );
});

afterEach(async () => {
  await sandbox.down();
  await sandbox.dispose();
});

/** Runs the pipeline for a service that says the word; the run's id. */
async function release(word: string, command: readonly string[] = ["up", "--once", "--yes"]): Promise<string> {
  sandbox.write("words.txt", `${word}\n`.repeat(9000));
  writeService(sandbox, `{ releaseId, word: "${word}" }`);
  expect(await sandbox.greenlight(command)).toMatchObject({ status: 0 });
  return (await runs())[0] ?? "";
}

/** Ids, newest first. */
async function runs(): Promise<readonly string[]> {
  const { stdout } = await sandbox.greenlight(["status", "--json"]);
  return (JSON.parse(stdout) as { runs: readonly { id: string }[] }).runs.map(({ id }) => id);
}

async function heard(): Promise<string> {
  return ((await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { word: string }).word;
}

/** As if all that was stored had been stored yesterday. */
function age(): void {
  const store = join(sandbox.folder, ".greenlight/store");
  const yesterday = Date.now() / 1000 - 86_400;
  for (const path of readdirSync(store, { recursive: true, encoding: "utf8" })) {
    utimesSync(join(store, path), yesterday, yesterday);
  }
}

interface Told {
  readonly bytes: number;
  readonly runs: { readonly removed: readonly { readonly id: string }[]; readonly keptCount: number };
  readonly releases: {
    readonly removed: readonly string[];
    readonly kept: readonly { readonly why: readonly string[] }[];
  };
  readonly files: { readonly removedCount: number };
  readonly strangers: readonly string[];
}

interface Refused {
  readonly problems: readonly { readonly code: string }[];
}

interface StepEnd {
  readonly step: string;
  readonly isFromCache: boolean;
  readonly isAlready: boolean;
}

async function clean(...options: readonly string[]): Promise<Told> {
  const { stdout, status } = await sandbox.greenlight(["clean", "--json", ...options]);
  expect(status).toBe(0);
  return JSON.parse(stdout) as Told;
}

function isCached(events: string): Readonly<Record<string, boolean>> {
  const ends = events
    .split("\n")
    .flatMap((line) => (line.includes('"step-ended"') ? [JSON.parse(line) as StepEnd] : []));
  return Object.fromEntries(ends.map(({ step, isFromCache, isAlready }) => [step, isFromCache || isAlready]));
}

test("what is old goes, and the next run is as before", async () => {
  // Without a branch a run deploys nowhere.
  const first = await release("one", ["run"]);
  const second = await release("two", ["run"]);
  age();
  symlinkSync("/etc", join(sandbox.folder, ".greenlight/store/blobs/zz"));
  writeFileSync(join(sandbox.folder, ".greenlight/notes.txt"), "mine");

  const dry = await clean("--dry-run");
  expect(dry).toMatchObject({
    runs: { removed: [{ id: first }], keptCount: 1 },
    releases: { removed: [expect.stringMatching(/^words-/u)], kept: [] },
    strangers: [join(sandbox.folder, ".greenlight/notes.txt"), join(sandbox.folder, ".greenlight/store/blobs/zz")],
  });
  expect(dry.files.removedCount).toBeGreaterThan(0);
  expect(await runs()).toEqual([second, first]);

  // Of two at once one finds the project held, or nothing left to do.
  const two = await Promise.all([1, 2].map(() => ended(sandbox.start(["clean", "--json"]))));
  const told = two.map(({ stdout }) => JSON.parse(stdout) as Partial<Told> & Refused);
  for (const each of told) expect(each.runs !== undefined || each.problems[0]?.code === "RUN_IN_PROGRESS").toBe(true);
  const done = told.find((each) => each.runs?.removed.length === 1);
  expect({ ...done, isDryRun: true }).toEqual(dry);

  expect(await runs()).toEqual([second]);
  const asked = await sandbox.greenlight(["logs", first]);
  expect(asked.status).not.toBe(0);
  expect(asked.stderr).toMatch(/^RUN_UNKNOWN: \w+: it was cleaned away on \d{4}-\d\d-\d\d$/mu);
  rmSync(join(sandbox.folder, "out"), { recursive: true });
  const again = await sandbox.greenlight(["run", "--json"]);
  expect(isCached(again.stdout)).toEqual({ words: true, bundle: true });
});

test.runIf(IS_HEAVY)("what is live and the way back serve as before, and what went can be made again", async () => {
  await release("one");
  const second = await release("two");
  const third = await release("three");
  age();
  const { runs: gone, releases } = await clean();
  expect(gone.removed.length).toBe(1);
  expect(releases.kept).toMatchObject([{ why: ["live in staging"] }, { why: ["warm in staging"] }]);
  expect((await clean()).runs.removed).toEqual([]);
  expect(await runs()).toEqual([third, second]);
  expect((await sandbox.greenlight(["logs", second, "--step", "words"])).stdout).toContain("two");

  rmSync(join(sandbox.folder, "out"), { recursive: true });
  const again = await sandbox.greenlight(["up", "--once", "--yes", "--json"]);
  expect(isCached(again.stdout)).toEqual({ words: true, bundle: true, "deploy staging": true });
  expect(await sandbox.greenlight(["retry", third, "--step", "words"])).toMatchObject({ status: 0 });
  expect(await heard()).toBe("three");
  expect(await sandbox.greenlight(["rollback", "--why", "try"])).toMatchObject({ status: 0 });
  expect(await heard()).toBe("two");
  await release("one");
  expect(await heard()).toBe("one");
});

test.runIf(IS_HEAVY)(
  "a run that goes on does not build on a release that is gone, although its manifest lies there",
  async () => {
    const place = (name: string): string => join(sandbox.folder, name);
    const old = await release("one", ["run"]);
    cpSync(place("out"), place("saved"), { recursive: true });
    await release("two", ["run"]);
    sandbox.write(
      "greenlight.config.ts",
      sandbox.read("greenlight.config.ts").replace("keep: 1, days: 0", "keep: 9, days: 0"),
    );
    age();
    expect((await clean()).releases.removed.length).toBe(1);
    sandbox.write("words.txt", "one\n".repeat(9000));
    writeService(sandbox, `{ releaseId, word: "one" }`);
    rmSync(place("out"), { recursive: true });
    cpSync(place("saved"), place("out"), { recursive: true });
    const retried = await sandbox.greenlight(["retry", old, "--step", "words", "--json"]);
    expect(retried.status).toBe(0);
    expect(isCached(retried.stdout)).toEqual({ words: false, bundle: false });
  },
);

test("a run that is going on is left alone, and told by its id", async () => {
  sandbox.write("slow.mjs", `setTimeout(() => {}, 60_000)`);
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     export default defineProject({ name: "slow", pipelines: { delivery: pipeline({ stages: { all: [step("slow", { run: "echo on && exec node slow.mjs" })] } }) } });`,
  );
  const run = sandbox.start(["run"]);
  await expect.poll(runs).toHaveLength(1);
  const refused = await sandbox.greenlight(["clean"]);
  expect(refused.stderr).toMatch(/^RUN_IN_PROGRESS: .*: run \w{16} \(process \d+\) is going on$/mu);
  expect(await sandbox.greenlight(["clean", "--dry-run"])).toMatchObject({ status: 0 });
  run.kill("SIGINT");
  expect(await ended(run)).toMatchObject({ status: 130 });
});
