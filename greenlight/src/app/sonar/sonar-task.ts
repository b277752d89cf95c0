import { readFile } from "node:fs/promises";

/** The analysis that a scanner sent, as its `report-task.txt` names it. */
export interface SonarTask {
  /** Without a slash at its end. */
  readonly serverUrl: string;
  readonly id: string;
  /** Empty where it names none. */
  readonly dashboardUrl: string;
}

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Reads the file; a text says what is wrong with it. A server that would get the token unprotected is refused. */
export async function readSonarTask(path: string): Promise<SonarTask | string> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return "the scanner left no report-task.txt";
  const fields = new Map(
    text.split("\n").map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1).trim()]),
  );
  const [serverUrl = "", id = ""] = [fields.get("serverUrl"), fields.get("ceTaskId")];
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : null;
  if (url === null || id === "") return "report-task.txt names no server and no task";
  // The token goes with each request.
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (!isSafe) return `the server ${url.origin} is not reached by https`;
  return { serverUrl: serverUrl.replace(/\/+$/u, ""), id, dashboardUrl: fields.get("dashboardUrl") ?? "" };
}
