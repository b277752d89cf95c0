import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflate } from "node:zlib";

import { z } from "zod";

import { digestText } from "../../base/file-digest.ts";
import { problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import { parseArguments } from "../probing/effect-arguments.ts";

const ARGUMENTS = z.strictObject({
  /** Coverage reports, relative to the project. */
  files: z.array(z.string().min(1)).min(1).max(50),
  url: z.url({ protocol: /^https?$/ }).default("https://ingest.codecov.io"),
  service: z.enum(["github", "github_enterprise", "gitlab", "gitlab_enterprise", "bitbucket"]).default("github"),
  /** `owner/name`; GITHUB_REPOSITORY when left out. */
  repository: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)+$/u)
    .optional(),
  /** The name of the secret that holds the token. */
  token: z.string().min(1).default("CODECOV_TOKEN"),
  flags: z.array(z.string().min(1)).max(20).default([]),
  timeoutMs: z.int().min(100).max(600_000).default(60_000),
});

type Arguments = z.infer<typeof ARGUMENTS>;

const MAX_BYTES = 64 * 1024 * 1024;
const ANSWER = z.object({ raw_upload_location: z.url({ protocol: /^https?$/ }), url: z.string().optional() });

/**
 * Hands coverage reports to Codecov, as its own CLI does with `upload-coverage`: the upload is announced, and the reports go
 * to the place that the answer names. Once per commit and content; a failure warns, because it says nothing of the code.
 */
export const codecovUpload: Effect = async (rawArguments, context) => {
  const args = parseArguments(ARGUMENTS, rawArguments, context.step);
  // An optional secret: whoever has no account there is told, not warned.
  if ((context.secrets[args.token] ?? "") === "")
    return done(`nobody to tell: the secret ${args.token} is set nowhere`, null);
  const { commit, branch, isDirty } = context.run.trigger;
  const repository = args.repository ?? process.env["GITHUB_REPOSITORY"] ?? "";
  if (commit === null) return refuse(context, "nothing was uploaded: there is no commit to which the coverage belongs");
  if (isDirty) return refuse(context, "nothing was uploaded: what was measured is not the commit, there are changes");
  if (repository === "") return refuse(context, 'nothing was uploaded: "repository" is not set, nor GITHUB_REPOSITORY');
  const read = await payloadOf(args, context.project.folder);
  if (!read.ok) return refuse(context, `nothing was uploaded: ${read.error}`);
  const payload = read.value;
  const subject = `${repository}@${commit} ${digestText(payload)}`;
  if ((await context.recall(subject)) !== null) return { ...done("uploaded before", subject), isAlready: true };
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(args.timeoutMs)]);
  try {
    const page = await upload({
      args,
      repository,
      commit,
      branch,
      payload,
      signal,
      token: context.secrets[args.token] ?? "",
    });
    context.log(page === undefined ? "uploaded" : `uploaded: ${page}`);
    return done(`${args.files.length} reports of ${commit.slice(0, 7)} uploaded`, subject);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return refuse(context, `Codecov did not take the reports: ${describe(error)}`);
  }
};

interface Upload {
  readonly args: Arguments;
  readonly repository: string;
  readonly commit: string;
  readonly branch: string | null;
  readonly payload: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/** The page on which Codecov shows it, when it names one. */
async function upload({
  args,
  repository,
  commit,
  branch,
  payload,
  token,
  signal,
}: Upload): Promise<string | undefined> {
  const slug = repository.replace(/\/([^/]*)$/u, "::::$1").replaceAll("/", ":::");
  const announced = await fetch(`${args.url.replace(/\/+$/u, "")}/upload/${args.service}/${slug}/upload-coverage`, {
    method: "POST",
    // A redirect would take the token elsewhere.
    redirect: "error",
    headers: { authorization: `token ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      branch,
      code: "default",
      commitid: commit,
      flags: args.flags,
      env: {},
      version: "greenlight",
      file_not_found: false,
      report_payload_bytes: Buffer.byteLength(payload),
    }),
    signal,
  });
  const text = (await announced.text()).slice(0, 64 * 1024);
  if (!announced.ok) throw new Error(`it answered ${announced.status}: ${text.slice(0, 200)}`);
  const answer = ANSWER.safeParse(parse(text));
  if (!answer.success) throw new Error("its answer names no place for the reports");
  const stored = await fetch(answer.data.raw_upload_location, {
    method: "PUT",
    redirect: "error",
    body: payload,
    signal,
  });
  await stored.body?.cancel();
  if (!stored.ok) throw new Error(`its storage answered ${stored.status}`);
  return answer.data.url;
}

/** What goes to the storage; or why there is nothing to send. */
async function payloadOf({ files }: Arguments, folder: string): Promise<Result<string, string>> {
  const coverageFiles: object[] = [];
  let size = 0;
  for (const filename of files) {
    const path = join(folder, filename);
    const stats = await stat(path).catch(() => null);
    if (stats === null || !stats.isFile()) return err(`${filename} is not there`);
    size += stats.size;
    if (size > MAX_BYTES) return err(`the reports are larger than ${MAX_BYTES} bytes`);
    const data = (await promisify(deflate)(await readFile(path))).toString("base64");
    coverageFiles.push({ filename, format: "base64+compressed", data, labels: "" });
  }
  return ok(
    JSON.stringify({
      report_fixes: { format: "legacy", value: {} },
      network_files: [],
      coverage_files: coverageFiles,
      metadata: {},
    }),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function done(why: string, subject: string | null): EffectResult {
  return { outcome: "passed", isAlready: false, why, problems: [], evidence: [], facts: {}, subject };
}

function refuse(context: EffectContext, message: string): EffectResult {
  context.log(message);
  const problems = [problem("CODECOV_FAILED", { place: context.step, message: context.mask(message) })];
  return {
    outcome: "warned",
    isAlready: false,
    why: context.mask(message),
    problems,
    evidence: [],
    facts: {},
    subject: null,
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
