import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { digestText } from "../../base/file-digest.ts";
import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import type { StepView } from "../run-view.ts";
import { Rig } from "../testing/rig.ts";
import { digestIndexed } from "./digest-indexed.ts";
import type { IndexedFile } from "./stat-index.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

let rig: Rig;
let outside: string;

beforeEach(() => {
  rig = new Rig();
  outside = mkdtempSync(join(tmpdir(), "greenlight-outside-"));
});

afterEach(() => {
  rig.dispose();
  rmSync(outside, { recursive: true, force: true });
}, 120_000);

async function check(inputs: readonly string[], run = "true"): Promise<StepView> {
  return (await rig.run({ one: [step("check", { run, inputs })] })).step("check");
}

function path(name: string): string {
  return join(rig.folder, name);
}

describe("inputs behind links", () => {
  test("a link to a folder outside is refused without a look at what is in it, whatever the pattern", async () => {
    rig.write("src/a", "");
    for (let index = 0; index < 50; index += 1) mkdirSync(join(outside, String(index)));
    symlinkSync(outside, path("src/link"));
    symlinkSync("/", path("src/root"));
    for (const pattern of ["src/**", "src", "src/**/*.ts"]) {
      const startedAt = performance.now();
      const view = await check([pattern]);
      expect([pattern, view.outcome]).toEqual([pattern, "failed"]);
      expect(view.problems.map((each) => [each.code, each.message])).toEqual([
        ["STEP_INPUT_OUTSIDE", '"src/link" leads outside the repository'],
        ["STEP_INPUT_OUTSIDE", '"src/root" leads outside the repository'],
      ]);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    }
  });

  test("a pattern that begins behind such a link is refused, too", async () => {
    writeFileSync(join(outside, "a.ts"), "");
    symlinkSync(outside, path("link"));
    expect((await check(["link/*.ts"])).problems[0]?.code).toBe("STEP_INPUT_OUTSIDE");
    expect((await check(["link/a.ts"])).problems[0]?.code).toBe("STEP_INPUT_OUTSIDE");
  });

  test("links that lead to one another end somewhere", async () => {
    rig.write("src/a", "1");
    symlinkSync("..", path("src/up"));
    symlinkSync(".", path("src/here"));
    symlinkSync("loop", path("src/loop"));
    expect((await check(["src/**"])).outcome).toBe("passed");
    rig.write("src/a", "2");
    expect((await check(["src/**"])).why).toContain("src/a changed");
  }, 20_000);

  test("what a link to a folder of the project holds is input", async () => {
    rig.write("real/a", "1");
    mkdirSync(path("src"));
    symlinkSync("../real", path("src/link"));
    await check(["src/**"]);
    rig.write("real/a", "2");
    expect((await check(["src/**"])).why).toBe("ran: src/link/a changed");
  });

  test("a link to nothing is no input until something is there", async () => {
    symlinkSync("later", path("link"));
    expect((await check(["link"])).outcome).toBe("passed");
    rig.write("later", "x");
    expect((await check(["link"])).why).toBe("ran: link added");
  });
});

describe("inputs that are no files", () => {
  test("a pipe is refused and not read", async () => {
    spawnSync("mkfifo", [path("pipe")]);
    expect((await check(["pipe"])).problems[0]).toMatchObject({ code: "STEP_INPUT_NO_FILE" });
  });

  test("a file where a pattern has a folder is no input, and no bug", async () => {
    rig.write("in", "a file");
    expect((await check(["in/a", "in/**", "in/deep/*.ts"])).outcome).toBe("passed");
  });

  test.runIf(process.platform === "linux")("a name that is no text is told, instead of being left out", async () => {
    rig.write("src/a", "");
    const made = spawnSync("sh", ["-c", "printf x > \"$(printf 'src/\\377')\""], { cwd: rig.folder });
    expect(made.status).toBe(0);
    expect((await check(["src/*"])).problems[0]?.message).toContain("a name that is no valid UTF-8");
  });

  test("names of any kind are inputs", async () => {
    const names = [
      "__proto__",
      "constructor",
      "데이터 1.csv",
      "a\nb",
      "'\"`$(x)",
      "{a,b}",
      "[x]",
      "!no",
      "-rf",
      "café",
    ];
    for (const name of names) rig.write(`src/${name}`, "1");
    await check(["src/**"]);
    for (const name of names) {
      rig.write(`src/${name}`, "2");
      expect((await check(["src/**"])).why).toBe(`ran: src/${name} changed`);
    }
  });
});

describe("the index of what was read", () => {
  test("is not deceived by a file of the same size whose times were put back", async () => {
    rig.write("in", "aaaa");
    const then = new Date(Date.now() - 60_000);
    utimesSync(path("in"), then, then);
    await rig.run({ one: [copy()] });
    expect(rig.read("out/copy")).toBe("aaaa");
    rig.write("in", "bbbb");
    utimesSync(path("in"), then, then);
    expect((await rig.run({ one: [copy()] })).step("copy").why).toBe("ran: in changed");
    // Another file, moved into its place with the same size and times.
    rig.write("other", "cccc");
    utimesSync(path("other"), then, then);
    renameSync(path("other"), path("in"));
    expect((await rig.run({ one: [copy()] })).step("copy").why).toBe("ran: in changed");
    expect(rig.read("out/copy")).toBe("cccc");
  });

  test("is not deceived by writes that follow so fast that their times are the same", async () => {
    for (let round = 0; round < 2; round += 1) {
      const text = String(1000 + round);
      rig.write("in", text);
      const onEvent = (event: { readonly type: string }): void => {
        // Right behind the manifest, while the step runs or has just run.
        if (event.type === "step-ended") rig.write("in", String(2000 + round));
      };
      await rig.run({ one: [copy()] }, { onEvent });
      expect(rig.read("out/copy")).toBe(text);
      await rig.run({ one: [copy()] });
      expect(rig.read("out/copy")).toBe(String(2000 + round));
    }
  });

  test("takes in no file that was written so shortly before that its times could not tell another write", async () => {
    const known = new Map<string, IndexedFile>();
    const index = {
      get: (name: string) => known.get(name) ?? null,
      set: (name: string, entry: IndexedFile) => known.set(name, entry),
      id: 1,
      flush: () => undefined,
      close: () => undefined,
    };
    let quick = 0;
    for (let round = 0; round < 200; round += 1) {
      const writtenAt = Date.now();
      writeFileSync(path("in"), `a ${round}`);
      expect(await digestIndexed(path("in"), index)).toBe(digestText(`a ${round}`));
      // Where the machine was elsewhere in between, it may be old enough.
      if (Date.now() - writtenAt >= 10) known.clear();
      else quick += 1;
      expect(known.size).toBe(0);
    }
    expect(quick).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await digestIndexed(path("in"), index);
        return known.size;
      })
      .toBe(1);
  });

  test("is not deceived by times that lie ahead, after the clock was set back", async () => {
    const ahead = new Date(Date.now() + 86_400_000);
    for (const text of ["aaaa", "bbbb", "cccc"]) {
      rig.write("in", text);
      utimesSync(path("in"), ahead, ahead);
      await rig.run({ one: [copy()] });
      expect(rig.read("out/copy")).toBe(text);
    }
  });

  test("an output that was put back with other content, but the same size and times, is found out", async () => {
    rig.write("in", "aaaa");
    await rig.run({ one: [copy()] });
    const then = new Date(Date.now() - 60_000);
    utimesSync(path("out/copy"), then, then);
    await rig.run({ one: [copy()] });
    rig.write("out/copy", "zzzz");
    utimesSync(path("out/copy"), then, then);
    expect((await rig.run({ one: [copy()] })).step("copy").isFromCache).toBe(true);
    expect(rig.read("out/copy")).toBe("aaaa");
  });
});

function copy(): StepDefinition {
  return step("copy", { run: "mkdir -p out && cp in out/copy", inputs: ["in"], outputs: { copy: "out/copy" } });
}

test.runIf(IS_HEAVY)(
  "100,000 inputs take bounded work and memory, and one that changed is named",
  async () => {
    for (let folder = 0; folder < 100; folder += 1) {
      mkdirSync(path(`src/${folder}`), { recursive: true });
      for (let file = 0; file < 1000; file += 1) writeFileSync(path(`src/${folder}/${file}.txt`), `${folder} ${file}`);
    }
    const spent: number[] = [];
    const measure = async (): Promise<StepView> => {
      const before = process.cpuUsage();
      const view = await check(["src/**"]);
      const { user, system } = process.cpuUsage(before);
      spent.push(Math.round((user + system) / 1000));
      return view;
    };
    expect((await measure()).outcome).toBe("passed");
    expect((await measure()).isFromCache).toBe(true);
    rig.write("src/57/123.txt", "changed");
    expect((await measure()).why).toBe("ran: src/57/123.txt changed");
    const megabytes = Math.round(process.memoryUsage().rss / 1e6);
    console.log(
      `100,000 inputs, milliseconds of CPU first / unchanged / one changed: ${spent.join(" / ")}; ${megabytes} MB`,
    );
    expect(Math.max(...spent)).toBeLessThan(60_000);
    expect(megabytes).toBeLessThan(1200);
  },
  600_000,
);
