import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Another process that holds a database for itself, for so many milliseconds or until it is ended. */
export async function holdFile(path: string, ms: number | null): Promise<{ release(): Promise<void> }> {
  const script = `import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(${JSON.stringify(path)}, { timeout: 20000 });
    database.exec("BEGIN EXCLUSIVE");
    console.log("held");
    ${ms === null ? "setInterval(() => {}, 1000);" : `setTimeout(() => database.exec("COMMIT"), ${ms});`}`;
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  if (child.stdout !== null) await once(child.stdout, "data");
  return {
    release: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
