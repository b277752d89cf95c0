import { execFile } from "node:child_process";

const QUESTION_LIMIT_MS = 20_000;
/** Below the step's own ten minutes, so that what pip says is not lost. */
const INSTALL_LIMIT_MS = 9 * 60_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

export interface PythonFacts {
  /** "3.11" */
  readonly version: string;
  /** "linux-x86_64", as `sysconfig` says it. */
  readonly platform: string;
}

/** Asks a Python what it is; null when it can't be started or is no Python 3. */
export async function askPython(program: string): Promise<PythonFacts | null> {
  const question = "import sys, sysconfig; print('%d.%d' % sys.version_info[:2], sysconfig.get_platform())";
  const answer = await run(program, ["-c", question], { timeout: QUESTION_LIMIT_MS });
  const [, version, platform] = /^(3\.\d+) (\S+)\s*$/u.exec(answer.stdout) ?? [];
  return answer.isOk && version !== undefined && platform !== undefined ? { version, platform } : null;
}

/** Runs pip, showing what it prints; null when it succeeded, else its last words. */
export async function runPip(
  program: string,
  call: { readonly folder: string; readonly arguments: readonly string[] },
): Promise<string | null> {
  const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"];
  const [command = "", ...rest] = call.arguments;
  const options = { cwd: call.folder, timeout: INSTALL_LIMIT_MS };
  const answer = await run(program, ["-m", "pip", command, ...quiet, ...rest], options);
  console.log(answer.stdout.trimEnd());
  if (answer.stderr !== "") console.error(answer.stderr.trimEnd());
  if (answer.isOk) return null;
  const errors = answer.stderr
    .split("\n")
    .filter((line) => line.startsWith("ERROR:") || line.includes("No module named"));
  return errors.at(-1)?.replace(/^ERROR:\s*/u, "") ?? answer.why;
}

interface Answer {
  readonly isOk: boolean;
  readonly why: string;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  program: string,
  given: readonly string[],
  options: { readonly cwd?: string; readonly timeout: number },
): Promise<Answer> {
  return new Promise((resolve) => {
    const how = { ...options, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT_BYTES } as const;
    execFile(program, given, how, (error, stdout, stderr) => {
      resolve({ isOk: error === null, why: error?.message.split("\n")[0] ?? "", stdout, stderr });
    });
  });
}
