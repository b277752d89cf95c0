import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { makeStoreKey } from "../../greenlight/src/app/shared-store/store-keys.ts";
import { waitUntil } from "../../greenlight/src/keeper/testing/wait-until.ts";
import { killGroup } from "./testing/processes.ts";
import { recordedRun } from "./testing/run-record.ts";
import { Sandbox } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

const KEY = makeStoreKey();
/** Too large to travel inside its cache entry. */
const FILMS = "film\n".repeat(10_000);

let shared: string;
let machines: Sandbox[];

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
  machines = [];
});

afterEach(async () => {
  for (const each of machines) {
    await each.endStarted();
    if (existsSync(join(each.folder, "pid"))) killGroup(Number(each.read("pid")));
    await each.dispose();
  }
  rmSync(shared, { recursive: true, force: true });
});

/** A checkout of the same project on a machine of its own. Every step counts its starts. */
function machine(): Sandbox {
  const made = new Sandbox();
  machines.push(made);
  made.write("in.txt", FILMS);
  made.write("counts/.keep", "");
  made.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     import { folder } from "greenlight/stores";
     const counted = (name, rest) => "echo x >> counts/" + name + "; echo " + name + " speaks; " + rest;
     const make = step("make", { run: counted("make", "mkdir -p out && cp in.txt out/made"), inputs: ["in.txt"], outputs: { made: "out/made" } });
     const hang = step("hang", { run: counted("hang", "echo $$ > pid; test -f go && exit 0; sleep 300"), needs: { make }, timeoutMs: 120_000 });
     const after = step("after", { run: counted("after", "wc -l < out/made > out/lines"), inputs: ["in.txt"], needs: { make, hang }, outputs: { lines: "out/lines" } });
     export default defineProject({ name: "shop",
       store: folder(${JSON.stringify(shared)}, { publicKey: ${JSON.stringify(KEY.publicKey)} }),
       pipelines: { delivery: pipeline({ stages: { build: [make], test: [hang], end: [after] } }) } });`,
  );
  return made;
}

const trusted = { GREENLIGHT_STORE_KEY: KEY.privateKey };

function countsOf({ folder }: Sandbox): Record<string, number> {
  const names = readdirSync(join(folder, "counts")).filter((name) => name !== ".keep");
  return Object.fromEntries(
    names.map((name) => [
      name,
      readFileSync(join(folder, "counts", name), "utf8")
        .trim()
        .split("\n").length,
    ]),
  );
}

describe("a shared store", () => {
  test.runIf(IS_HEAVY)(
    "lets a run whose machine was killed go on on another one, without doing again what had passed",
    async () => {
      const first = machine();
      const engine = first.start(["run"], trusted);
      await waitUntil("the hanging step", () => (existsSync(join(first.folder, "pid")) ? true : null), 60_000);
      const runs = join(shared, "shop/runs");
      const id = await waitUntil(
        "its record",
        () => (existsSync(runs) ? (readdirSync(runs)[0] ?? null) : null),
        20_000,
      );
      const events = join(runs, id, "events");
      const isRecorded = (): boolean =>
        existsSync(events) &&
        readdirSync(events).some((name) => readFileSync(join(events, name), "utf8").includes('"step":"hang"'));
      await waitUntil("the event that it started", () => (isRecorded() ? true : null), 20_000);
      engine.kill("SIGKILL");
      await once(engine, "close");

      const second = machine();
      second.write("go", "");
      const resumed = await second.greenlight(["resume", id], trusted);
      expect(resumed.stdout).toContain("passed in");
      expect(resumed.status).toBe(0);
      expect(countsOf(second)).toEqual({ hang: 1, after: 1 });
      expect(second.read("out/made")).toBe(FILMS);
      const run = await recordedRun(second.folder);
      expect(run.view.id).toBe(id);
      expect(run.events.map((event) => event.sequence)).toEqual(run.events.map((_event, index) => index + 1));
      // The first machine learns what became of its run, and has nothing left to do.
      const back = await first.greenlight(["resume", id], trusted);
      expect(back.stderr).toContain("RUN_ENDED");
    },
  );

  test("gives a run without the key what a trusted one made, and never what somebody else put there", async () => {
    const first = machine();
    first.write("go", "");
    expect((await first.greenlight(["run"], trusted)).status).toBe(0);
    const second = machine();
    second.write("go", "");
    const cached = await second.greenlight(["run"]);
    expect(cached.stdout).toContain("only read in this run: GREENLIGHT_STORE_KEY is not set");
    expect(countsOf(second)).toEqual({ hang: 1 });
    expect(second.read("out/made")).toBe(FILMS);

    for (const [blob = ""] of [blobs()]) writeFileSync(blob, "poison".repeat(8334).slice(0, FILMS.length));
    const third = machine();
    third.write("go", "");
    const ran = await third.greenlight(["run"]);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain("STORE_ENTRY_REFUSED");
    expect(countsOf(third)).toMatchObject({ make: 1 });
    expect(third.read("out/made")).toBe(FILMS);
  });

  test("that is gone costs one warning, and a run that only it knows can't go on", async () => {
    rmSync(shared, { recursive: true });
    const first = machine();
    first.write("go", "");
    const ran = await first.greenlight(["run"], trusted);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/STORE_UNREACHABLE: .*the run goes on without it/u);
    expect((await recordedRun(first.folder)).view.warnings.length).toBeLessThanOrEqual(1);
    const unknown = await first.greenlight(["resume", "01m8106fmec3kxv5"], trusted);
    expect(unknown.status).toBe(3);
    expect(unknown.stderr).toContain("STORE_UNREACHABLE: run 01m8106fmec3kxv5");
  });

  test.each(["store sync", "run"])("gets what it missed while it was gone, by `%s`", async (command) => {
    rmSync(shared, { recursive: true });
    const first = machine();
    first.write("go", "");
    expect((await first.greenlight(["run"], trusted)).status).toBe(0);
    const { view } = await recordedRun(first.folder);
    if (command === "store sync") {
      expect(await first.greenlight(["store", "sync"], trusted)).toMatchObject({
        status: 1,
        stdout: `run ${view.id}: not sent: the shared store does not answer\n`,
      });
      mkdirSync(shared);
      expect((await first.greenlight(["store", "sync"])).stderr).toContain("GREENLIGHT_STORE_KEY is not set");
    } else mkdirSync(shared);
    const sent = await first.greenlight(command.split(" "), trusted);
    expect(sent.status).toBe(0);
    expect(sent.stdout).toContain(
      command === "run" ? "an earlier run did not get to the shared store (folder)" : `run ${view.id}: sent\n`,
    );
    expect((await first.greenlight(["store", "sync"], trusted)).stdout).toBe("the shared store missed nothing\n");
    const second = machine();
    second.write("go", "");
    expect((await second.greenlight(["run"])).status).toBe(0);
    expect(countsOf(second)).toEqual({ hang: 1 });
  });
});

/** The blobs that stand by themselves. */
function blobs(): string[] {
  return readdirSync(join(shared, "shop/blobs"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^..[/\\][0-9a-f]{62}$/u.test(path))
    .map((path) => join(shared, "shop/blobs", path));
}
