import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** The checker of workflows: named by GREENLIGHT_ACTIONLINT, in PATH, or where `go install` puts it. Null: not here. */
export function findActionlint(): string | null {
  const named = process.env["GREENLIGHT_ACTIONLINT"];
  if (named !== undefined && named !== "") return named;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")];
  return folders.map((folder) => join(folder, "actionlint")).find((path) => existsSync(path)) ?? null;
}

/**
 * What actionlint finds in the files, empty when nothing. Its release 1.7.12 does not know `queue` of a concurrency group,
 * which GitHub has since May 2026, nor `deployment` of an environment, since March 2026; these two messages are left out.
 */
export function actionlint(path: string, files: readonly string[]): string {
  const ignored = [
    'unexpected key "queue" for "concurrency" section',
    'unexpected key "deployment" for "environment" section',
  ].flatMap((message) => ["-ignore", message]);
  const args = ["-no-color", "-oneline", "-shellcheck=", "-pyflakes=", ...ignored, ...files];
  const result = spawnSync(path, args, { encoding: "utf8", timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0 && result.status !== 1) throw new Error(`actionlint: ${result.stderr}`);
  return result.stdout;
}
