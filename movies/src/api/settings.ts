import { stat } from "node:fs/promises";
import { isIP } from "node:net";

import type { StartProblem } from "./start-problem.ts";

/** What a slot hands the service, validated. */
export interface Settings {
  /** An IP address. */
  readonly host: string;
  /** 0 lets the system choose; the bound port stands in the first log line. */
  readonly port: number;
  readonly releaseId: string;
  readonly modelPath: string;
  /** Null: predictions are not logged. */
  readonly predictionLogPath: string | null;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type SettingsReading =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly StartProblem[] };

/**
 * Reads HOST, PORT, RELEASE_ID, MODEL_PATH, PREDICTION_LOG and LOG_LEVEL, and looks whether the model's file is there. An empty
 * variable counts as unset. Reports every problem, not the first.
 */
export async function readSettings(env: Readonly<Record<string, string | undefined>>): Promise<SettingsReading> {
  const problems: StartProblem[] = [];
  const settings: Settings = {
    host: readHost(env["HOST"] || "127.0.0.1", problems),
    port: readPort(env["PORT"] || "8000", problems),
    releaseId: readReleaseId(env["RELEASE_ID"] || "development", problems),
    modelPath: readPath("MODEL_PATH", env["MODEL_PATH"] || "out/model/model.json", problems),
    logLevel: readLogLevel(env["LOG_LEVEL"] || "info", problems),
    predictionLogPath: env["PREDICTION_LOG"] ? readPath("PREDICTION_LOG", env["PREDICTION_LOG"], problems) : null,
  };
  problems.push(...(await findModelProblems(settings.modelPath)));
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

function readHost(text: string, problems: StartProblem[]): string {
  if (text === "localhost") return "127.0.0.1";
  if (isIP(text) === 0) {
    problems.push(invalid("HOST", text, "an IP address such as 127.0.0.1 or 0.0.0.0, or localhost"));
  }
  return text;
}

function readPort(text: string, problems: StartProblem[]): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) problems.push(invalid("PORT", text, "a whole number from 0 to 65535"));
  return port;
}

// The release id goes into a response header, so it is held to characters that are safe there.
function readReleaseId(text: string, problems: StartProblem[]): string {
  if (!/^[\w.:+/@-]{1,200}$/.test(text)) {
    problems.push(invalid("RELEASE_ID", text, "1 to 200 letters, digits and any of . _ : + / @ -"));
  }
  return text;
}

function readLogLevel(text: string, problems: StartProblem[]): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level === undefined) problems.push(invalid("LOG_LEVEL", text, `one of ${LOG_LEVELS.join(", ")}`));
  return level ?? "info";
}

function readPath(name: string, text: string, problems: StartProblem[]): string {
  if (text.length > 4096 || text.endsWith("/")) problems.push(invalid(name, text, "the path of a file"));
  return text;
}

async function findModelProblems(path: string): Promise<StartProblem[]> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(found instanceof Error) && found.isFile()) return [];
  const message = found instanceof Error ? `can't be read (${found.code ?? found.message})` : "is not a file";
  return [{ code: "MODEL_MISSING", place: `MODEL_PATH ${path}`, message, remedy: MODEL_REMEDY }];
}

const MODEL_REMEDY = "train a model, or set MODEL_PATH to a model's file";

function invalid(name: string, text: string, wanted: string): StartProblem {
  return {
    code: "SETTING_INVALID",
    place: name,
    message: `${JSON.stringify(text.slice(0, 100))} is not ${wanted}`,
    remedy: `set ${name} to ${wanted}, or leave it unset`,
  };
}
