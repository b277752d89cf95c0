import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { SecretSource } from "../../pipeline/definition.ts";
import { resolveSecrets, type ResolvedSecrets } from "./resolve-secrets.ts";

/** A tool of every POSIX system. */
const MAKE_PIPE = "mkfifo";
const VALUE = "hunter2-hunter2";
let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "greenlight-secrets-"));
  folder = join(root, "project");
  mkdirSync(folder);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function resolveAll(
  secrets: Record<string, SecretSource>,
  options: { env?: Record<string, string>; names?: string[]; signal?: AbortSignal; commandTimeoutMs?: number } = {},
): Promise<ResolvedSecrets> {
  return resolveSecrets({
    projectFolder: folder,
    secrets,
    names: options.names ?? Object.keys(secrets),
    env: { PATH: process.env["PATH"], ...options.env },
    signal: options.signal ?? new AbortController().signal,
    ...(options.commandTimeoutMs === undefined ? {} : { commandTimeoutMs: options.commandTimeoutMs }),
  });
}

async function problemsOf(...args: Parameters<typeof resolveAll>): Promise<string[]> {
  const { problems } = await resolveAll(...args);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
  return problems.map(({ code, place, message }) => `${code} ${place.replace(folder, "")}: ${message}`);
}

/** A command that runs JavaScript. */
function script(code: string): SecretSource {
  return { from: "command", command: [process.execPath, "-e", code] };
}

describe("from the environment", () => {
  test("the process comes before .env, and a variable may have another name", async () => {
    writeFileSync(join(folder, ".env"), `A=from-the-file-a\nexport B="from the file b"\nC=""\n`);
    const { values, problems } = await resolveAll(
      {
        A: { from: "environment" },
        B: { from: "environment" },
        TOKEN: { from: "environment", variable: "OTHER" },
      },
      { env: { A: VALUE, B: "", OTHER: `${VALUE}!` } },
    );
    expect(problems).toEqual([]);
    expect(Object.fromEntries(values)).toEqual({ A: VALUE, B: "from the file b", TOKEN: `${VALUE}!` });
  });

  test("a value of more than 64 KiB is refused, from .env too", async () => {
    writeFileSync(join(folder, ".env"), `A=${"hunter2-".repeat(8193)}\n`);
    expect(await problemsOf({ A: { from: "environment" } })).toEqual([
      "SECRET_UNREADABLE secrets.A: is larger than 64 KiB",
    ]);
  });

  test("what is set nowhere is missing, without .env and with it", async () => {
    const secrets: Record<string, SecretSource> = { A: { from: "environment", variable: "X" } };
    const message = "SECRET_MISSING secrets.A: the variable X is set neither in the environment nor in .env";
    expect(await problemsOf(secrets)).toEqual([message]);
    writeFileSync(join(folder, ".env"), "X=\n");
    expect(await problemsOf(secrets)).toEqual([message]);
  });

  test("a .env that can't be read is told once, and does not matter when nothing is wanted from it", async () => {
    const secrets: Record<string, SecretSource> = { A: { from: "environment" }, B: { from: "environment" } };
    mkdirSync(join(folder, ".env"));
    expect(await problemsOf(secrets)).toEqual(["SECRET_UNREADABLE /.env: is not a regular file"]);
    expect(await problemsOf(secrets, { env: { A: VALUE, B: VALUE } })).toEqual([]);
    rmSync(join(folder, ".env"), { recursive: true });
    writeFileSync(join(folder, ".env"), `A=${VALUE}\n#${"x".repeat(1024 * 1024)}`);
    expect(await problemsOf(secrets)).toEqual(["SECRET_UNREADABLE /.env: is larger than 1024 KiB"]);
    writeFileSync(join(folder, ".env"), Buffer.from([0x41, 0x3d, 0xff, 0xfe]));
    expect(await problemsOf(secrets)).toEqual(["SECRET_UNREADABLE /.env: is not text in UTF-8"]);
  });

  test("a .env may be a link within the project, not out of it", async () => {
    writeFileSync(join(folder, "inside"), `A=${VALUE}`);
    writeFileSync(join(root, "outside"), `A=${VALUE}`);
    symlinkSync("inside", join(folder, ".env"));
    expect((await resolveAll({ A: { from: "environment" } })).values.get("A")).toBe(VALUE);
    rmSync(join(folder, ".env"));
    symlinkSync("../outside", join(folder, ".env"));
    expect(await problemsOf({ A: { from: "environment" } })).toEqual([
      "SECRET_UNREADABLE /.env: leads outside the project",
    ]);
  });
});

describe("from a file", () => {
  test("relative to the project, without the one newline at its end", async () => {
    mkdirSync(join(root, "keys"));
    writeFileSync(join(root, "keys/a"), `${VALUE}\n${VALUE}\n\n`);
    writeFileSync(join(root, "keys/b"), `${VALUE}\r\n`);
    symlinkSync(join(root, "keys/b"), join(folder, "b"));
    const { values } = await resolveAll({ A: { from: "file", path: "../keys/a" }, B: { from: "file", path: "b" } });
    expect(Object.fromEntries(values)).toEqual({ A: `${VALUE}\n${VALUE}\n`, B: VALUE });
  });

  test("what is no file of text is told with its reason, and nothing of its content", async () => {
    writeFileSync(join(folder, "empty"), "\n");
    writeFileSync(join(folder, "large"), VALUE.repeat(10_000));
    writeFileSync(join(folder, "binary"), Buffer.concat([Buffer.from(VALUE), Buffer.from([0xff, 0xfe])]));
    writeFileSync(join(folder, "nul"), `${VALUE}\0`);
    execFileSync(MAKE_PIPE, [join(folder, "pipe")]);
    const paths = ["none", "empty", "large", "binary", "nul", "pipe", "."];
    const found = await problemsOf(
      Object.fromEntries(paths.map((path, index) => [`S${index}`, { from: "file", path } as const])),
    );
    expect(found).toEqual([
      "SECRET_MISSING secrets.S0: there is no file none",
      "SECRET_MISSING secrets.S1: the file empty is empty",
      "SECRET_UNREADABLE secrets.S2: large is larger than 64 KiB",
      "SECRET_UNREADABLE secrets.S3: binary is not text in UTF-8",
      "SECRET_UNREADABLE secrets.S4: nul is not text in UTF-8",
      "SECRET_UNREADABLE secrets.S5: pipe is not a regular file",
      "SECRET_UNREADABLE secrets.S6: . is not a regular file",
    ]);
  });

  test.skipIf(process.getuid?.() === 0)("a file without permission is unreadable, not missing", async () => {
    writeFileSync(join(folder, "locked"), VALUE);
    chmodSync(join(folder, "locked"), 0);
    expect(await problemsOf({ A: { from: "file", path: "locked" } })).toEqual([
      "SECRET_UNREADABLE secrets.A: locked can't be read: EACCES",
    ]);
  });
});

describe("from a command", () => {
  test("runs once for all secrets that name it, in the project's folder, with its arguments as they are", async () => {
    const code = `fs.appendFileSync("ran", "x"); console.log(process.argv[1] + process.cwd())`;
    const source: SecretSource = { from: "command", command: [process.execPath, "-e", code, "$HOME `id` ; ls"] };
    const { values, problems } = await resolveAll(
      { A: source, B: source, C: script("console.log('never')") },
      {
        names: ["A", "B"],
      },
    );
    expect(problems).toEqual([]);
    expect(values.get("A")).toBe(`$HOME \`id\` ; ls${folder}`);
    expect(values.get("B")).toBe(values.get("A"));
    expect(values.has("C")).toBe(false);
    expect(readFileSync(join(folder, "ran"), "utf8")).toBe("x");
  });

  test("one that fails is told without what it printed", async () => {
    const print = `console.log("${VALUE}"); console.error("${VALUE}");`;
    const found = await problemsOf({
      A: script(`${print} process.exitCode = 3`),
      B: script(`${print} process.kill(process.pid, "SIGKILL")`),
      C: { from: "command", command: ["no-such-program-here", VALUE] },
      D: script("console.log('')"),
      E: script(`process.stdout.write("${VALUE}".repeat(10_000))`),
      F: script(`process.stdout.write(Buffer.from([0xff]))`),
      G: { from: "command", command: [process.execPath, "a".repeat(3_000_000)] },
    });
    expect(found).toEqual([
      "SECRET_UNREADABLE secrets.A: its command ended with status 3",
      "SECRET_UNREADABLE secrets.B: its command was ended by SIGKILL",
      "SECRET_UNREADABLE secrets.C: its command could not be started: ENOENT",
      "SECRET_MISSING secrets.D: its command printed nothing",
      "SECRET_UNREADABLE secrets.E: its command printed more than 64 KiB",
      "SECRET_UNREADABLE secrets.F: its command did not print text in UTF-8",
      "SECRET_UNREADABLE secrets.G: its command could not be started: E2BIG",
    ]);
  });

  test("one that takes too long or is cancelled is ended with all it started", { timeout: 15_000 }, async () => {
    const code = `
      process.on("SIGTERM", () => {});
      const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      fs.writeFileSync(process.argv[1], String(child.pid));
      setInterval(() => {}, 1000);`;
    const source = (file: string): SecretSource => ({ from: "command", command: [process.execPath, "-e", code, file] });
    expect(await problemsOf({ A: source("late") }, { commandTimeoutMs: 1000 })).toEqual([
      "SECRET_UNREADABLE secrets.A: its command did not end within 1 s",
    ]);
    const cancellation = new AbortController();
    const cancelled = problemsOf({ A: source("cancelled") }, { signal: cancellation.signal });
    await expect.poll(() => pidIn("cancelled")).toBeGreaterThan(0);
    cancellation.abort();
    expect(await cancelled).toEqual(["SECRET_UNREADABLE secrets.A: its command was cancelled"]);
    for (const file of ["late", "cancelled"]) await expect.poll(() => isAlive(pidIn(file))).toBe(false);
  });
});

test("a secret that is too short is refused without telling it, and all that is wrong is told at once", async () => {
  const found = await problemsOf(
    { SHORT: { from: "environment" }, PADDED: { from: "environment" }, GONE: { from: "file", path: "gone" } },
    { env: { SHORT: "hunter2", PADDED: "  hunter2  " }, names: ["SHORT", "PADDED", "GONE", "UNKNOWN"] },
  );
  expect(found).toEqual([
    "SECRET_MISSING secrets.GONE: there is no file gone",
    "SECRET_TOO_SHORT secrets.PADDED: has less than 8 characters",
    "SECRET_TOO_SHORT secrets.SHORT: has less than 8 characters",
    "SECRET_MISSING secrets.UNKNOWN: is not declared",
  ]);
});

function pidIn(file: string): number {
  try {
    return Number(readFileSync(join(folder, file), "utf8"));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  expect(pid).toBeGreaterThan(0);
  try {
    process.kill(pid, 0);
    // An ended process whose parent has not looked yet is a zombie.
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
