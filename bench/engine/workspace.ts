import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { measureProcess, type Measured } from "../measure/measure-process.ts";
import type { Contender } from "./contender.ts";
import { outputFolders, writeInputs, type Task } from "./workload.ts";

export interface WorkspaceOptions {
  readonly scratch: string;
  readonly contender: Contender;
  readonly tasks: readonly Task[];
  /** Move what was there before a round away instead of deleting it. */
  readonly aside?: boolean;
}

/** A contender's own git checkout of the workload: all get one, as some can't do without. */
export class Workspace {
  readonly contender: Contender;
  readonly tasks: readonly Task[];
  readonly folder: string;
  readonly #aside: string | null;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(options: WorkspaceOptions) {
    this.contender = options.contender;
    this.tasks = this.contender.place?.(options.tasks) ?? options.tasks;
    this.folder = join(options.scratch, this.contender.name);
    this.#aside = options.aside === true ? join(options.scratch, "aside") : null;
    if (this.#aside !== null) mkdirSync(this.#aside, { recursive: true });
    const home = join(options.scratch, "home");
    mkdirSync(home, { recursive: true });
    mkdirSync(this.folder);
    this.#env = {
      HOME: home,
      XDG_CONFIG_HOME: undefined,
      XDG_CACHE_HOME: undefined,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
      CI: undefined,
      FORCE_COLOR: undefined,
      NO_COLOR: "1",
      DO_NOT_TRACK: "1",
    };
    writeInputs(this.folder, this.tasks);
    this.contender.prepare(this.folder, this.tasks);
    const ignored = ["node_modules", "out", ".turbo", ".nx", ".wireit", ".moon/cache", ".greenlight"];
    writeFileSync(join(this.folder, ".gitignore"), `${ignored.join("\n")}\n`);
    this.#git("init", "--quiet");
    this.#git("add", "--all");
    this.#git("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=bench");
  }

  /** As before the first run: no output, nothing kept. */
  makeCold(): void {
    for (const path of this.contender.state) this.#takeAway(path);
    this.removeOutputs();
  }

  removeOutputs(): void {
    for (const path of outputFolders(this.tasks)) {
      this.#takeAway(path);
      mkdirSync(join(this.folder, path));
    }
  }

  /**
   * For some minutes after a deletion ext4 looks through the deleted inodes whenever a file is made. That counts as the
   * contender's own time, the more so the more files it makes; moved away instead, nothing was deleted.
   */
  #takeAway(path: string): void {
    const from = join(this.folder, path);
    if (this.#aside === null) rmSync(from, { recursive: true, force: true });
    else if (existsSync(from)) renameSync(from, mkdtempSync(join(this.#aside, "a")));
  }

  run(): Promise<Measured> {
    const { file, args, env } = this.contender.call(this.folder, this.tasks);
    return measureProcess(file, args, { folder: this.folder, env: { ...this.#env, ...env } });
  }

  #git(...args: readonly string[]): void {
    const { status, stderr } = spawnSync("git", args, { cwd: this.folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
}
