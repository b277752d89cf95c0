import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface PythonEnvironment {
  /** The interpreter. */
  readonly python: string;
  readonly pythonVersion: string;
  readonly sklearnVersion: string;
}

/** Makes a virtual environment with the pinned requirements below `folder`, unless it is there and works. */
export async function pythonEnvironment(folder: string): Promise<PythonEnvironment> {
  const venv = join(folder, ".venv");
  const python = join(venv, "bin", "python");
  const isReady = await access(python)
    .then(() => run(python, ["-c", "import sklearn"]))
    .then(
      () => true,
      () => false,
    );
  if (!isReady) {
    console.log("installing scikit-learn into bench/model/.venv (once)");
    await install(venv, join(folder, "requirements.txt"));
  }
  const { stdout } = await run(python, [
    "-c",
    "import platform, sklearn; print(platform.python_version(), sklearn.__version__)",
  ]);
  const [pythonVersion = "", sklearnVersion = ""] = stdout.trim().split(" ");
  return { python, pythonVersion, sklearnVersion };
}

async function install(venv: string, requirements: string): Promise<void> {
  try {
    await run("python3", ["-m", "venv", "--clear", venv]);
    await run(join(venv, "bin", "python"), ["-m", "pip", "install", "--quiet", "--requirement", requirements], {
      timeout: 600_000,
    });
  } catch (cause) {
    throw new Error("scikit-learn could not be installed: python3 with its venv module and pip is needed", { cause });
  }
}
