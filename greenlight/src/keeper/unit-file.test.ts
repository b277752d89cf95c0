import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { unitFile, type UnitRequest } from "./unit-file.ts";

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

const PLAIN: UnitRequest = {
  project: "movies",
  environment: "production",
  folder: "/srv/movies/.greenlight/environments/production",
  scope: "system",
  user: "1000",
  node: "/usr/bin/node",
  program: "/srv/movies/node_modules/greenlight/dist/keeper/stand-by-main.js",
  variables: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
};

describe("a keeper's unit", () => {
  test("of the system runs as the owner of the folder, and never gives up", () => {
    const { name, path, text } = unitFile(PLAIN);
    expect(name).toMatch(/^greenlight-movies-production-[0-9a-f]{6}\.service$/u);
    expect(path).toBe(`/etc/systemd/system/${name}`);
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "User=1000",
        "WantedBy=multi-user.target",
        "Restart=always",
        "StartLimitIntervalSec=0",
        `ExecStart=/usr/bin/env "${PLAIN.node}" "${PLAIN.program}" "${PLAIN.folder}"`,
        'Environment="PATH=/usr/bin:/bin"',
      ]),
    );
  });

  test("ends nobody but the one that stands by", () => {
    expect(unitFile(PLAIN).text).toContain("\nKillMode=process\nOOMPolicy=continue\n");
  });

  test("of a user names no user and comes with the session", () => {
    const { path, text } = unitFile({ ...PLAIN, scope: "user" });
    expect(path).toContain(join("systemd", "user"));
    expect(text).not.toContain("User=");
    expect(text).toContain("WantedBy=default.target");
  });

  test("is another one for another clone of the project", () => {
    expect(unitFile({ ...PLAIN, folder: "/home/kim/movies" }).name).not.toBe(unitFile(PLAIN).name);
  });

  test.each([
    ["movies & more", "movies-more"],
    ["../../etc/passwd", "..-..-etc-passwd"],
    ["영화", "-"],
  ])("of the project %s has a name that is one", (project, part) => {
    expect(unitFile({ ...PLAIN, project }).name).toMatch(/^[A-Za-z0-9_.-]+\.service$/u);
    expect(unitFile({ ...PLAIN, project }).name).toContain(`greenlight-${part}-production`);
  });

  test("can't be broken out of by a name with a line break", () => {
    const { text } = unitFile({ ...PLAIN, project: "a\nExecStartPre=/bin/false", folder: "/srv/a\nUser=root" });
    expect(text.split("\n").filter((line) => /^(ExecStartPre|User=root)/u.test(line))).toEqual([]);
  });
});

describe.skipIf(!hasSystemd)(`systemd itself${hasSystemd ? "" : " (skipped: no systemd-analyze)"}`, () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "unit-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  test.each(["production", `odd name 100% "quoted" $HOME \\ back`])(
    "takes the unit of a folder named %s",
    async (name) => {
      const folder = join(root, name);
      await mkdir(folder);
      const node = join(folder, "node");
      await copyFile("/bin/true", node);
      await chmod(node, 0o755);
      for (const scope of ["system", "user"] as const) {
        const unit = unitFile({ ...PLAIN, folder, node, scope, user: String(process.getuid?.() ?? 0) });
        const path = join(root, unit.name);
        await writeFile(path, unit.text);
        const env = { ...process.env, XDG_RUNTIME_DIR: root };
        const answer = spawnSync("systemd-analyze", [`--${scope}`, "verify", path], { encoding: "utf8", env });
        const own = `${answer.stdout}${answer.stderr}`.split("\n").filter((line) => line.includes(unit.name));
        expect([scope, own, answer.status]).toEqual([scope, [], 0]);
      }
    },
  );

  test("would notice a unit that is wrong", async () => {
    const { name, text } = unitFile({ ...PLAIN, node: "/nowhere/node" });
    await writeFile(join(root, name), text.replace("KillMode=process", "KillMode=nobody"));
    const answer = spawnSync("systemd-analyze", ["verify", join(root, name)], { encoding: "utf8" });
    expect(answer.stderr).toContain("kill mode");
  });
});

test("the command line of a unit is what it says, whatever the folder is called", async () => {
  // As systemd reads it (systemd.service(5)): quotes and backslashes as in C, %% and $$ for one of each.
  const folder = `/a b/100% "x" $HOME \\ y`;
  const { text } = unitFile({ ...PLAIN, folder });
  const line = /^ExecStart=(.*)$/mu.exec(text)?.[1] ?? "";
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/gu)].map(([, word = ""]) =>
    word.replaceAll(/\\(.)/gu, "$1").replaceAll("%%", "%").replaceAll("$$", "$"),
  );
  expect(words).toEqual([PLAIN.node, PLAIN.program, folder]);
});
