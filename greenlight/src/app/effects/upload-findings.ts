import { readFile, stat } from "node:fs/promises";
import { relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { digestText } from "../../base/file-digest.ts";
import { problem } from "../../base/problem.ts";
import { modulePath } from "../../engine/manifests/module-path.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import { sarifText } from "../../evidence/sarif.ts";
import type { FindingsAnswer, FindingsChannel, FindingsChannelModule } from "../findings/findings-channel.ts";
import { parseUploadLog, placeInRepository, type UploadLog } from "../findings/upload-log.ts";
import { repositoryFolder } from "../read-checkout.ts";
import { findingsOfRun } from "../write-findings.ts";

const ATTEMPTS = 3;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const LARGEST_LOG = 256 * 1024 * 1024;
const NOTHING = { isAlready: false, problems: [], evidence: [], facts: {}, subject: null } as const;

/**
 * Uploads the run's findings to the code host's security tab, once for each commit and content. A host that is not there,
 * or does not take them, is a warning: what was found was judged before.
 */
export const uploadFindings: Effect = async (_arguments, context) => {
  const { codeHost } = context;
  if (codeHost === null)
    return warned(
      "findings are not uploaded",
      "codeHost",
      "the project names no code host",
      "add `codeHost: github()` to the definition",
    );
  const channel = await openChannel(context);
  if ("unavailableBecause" in channel)
    return { ...NOTHING, outcome: "passed", why: `nobody to tell: ${channel.unavailableBecause}` };
  const log = await findingsOf(context);
  if (typeof log === "string") return warned("findings are not uploaded", channel.name, log);
  const subject = `findings ${channel.commit} ${channel.ref} ${digestText(JSON.stringify(log))}`;
  const earlier = await context.recall(subject);
  if (earlier !== null) {
    const why = `${channel.name} has the findings of ${channel.commit.slice(0, 7)}`;
    return { ...NOTHING, outcome: "passed", isAlready: true, why, facts: earlier.facts, subject };
  }
  const answer = await tryUpload(channel, log, context);
  if (context.signal.aborted) return { ...NOTHING, outcome: "cancelled", why: "cancelled" };
  switch (answer.kind) {
    case "uploaded": {
      for (const note of answer.notes) context.log(`left out: ${note}`);
      const cut = answer.notes.length === 0 ? "" : `; left out: ${answer.notes.join("; ")}`;
      const why = `${answer.resultCount} findings uploaded to ${channel.name}${cut}`;
      return { ...NOTHING, outcome: "passed", why, facts: { uploadId: answer.id, count: answer.resultCount }, subject };
    }
    case "refused":
      return warned(`${channel.name} does not take the findings`, channel.name, answer.why, answer.remedy);
    case "later":
      return warned("findings are not uploaded", channel.name, `${ATTEMPTS} attempts failed: ${answer.why}`);
  }
};

async function tryUpload(
  channel: FindingsChannel,
  log: UploadLog,
  { signal, log: tell }: EffectContext,
): Promise<FindingsAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await channel.upload(log, signal);
    if (answer.kind !== "later" || attempt >= ATTEMPTS || signal.aborted) return answer;
    const waitMs = Math.min(answer.waitMs ?? FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
    tell(`${answer.why}; tried again in ${Math.ceil(waitMs / 1000)} s`);
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
}

async function openChannel(context: EffectContext): Promise<FindingsChannel | { readonly unavailableBecause: string }> {
  const { codeHost, project, run } = context;
  if (codeHost === null) return { unavailableBecause: "no code host" };
  const path = modulePath(codeHost.module, project.folder);
  const module = (await import(pathToFileURL(path).href)) as Partial<FindingsChannelModule>;
  if (module.openFindingsChannel === undefined) return { unavailableBecause: `${codeHost.kind} shows no findings` };
  const { commit, branch, isDirty } = run.trigger;
  if (isDirty) return { unavailableBecause: "the checkout differs from its commit" };
  return module.openFindingsChannel({ options: codeHost.options, env: process.env, commit, branch });
}

/** The log that the report wrote, else what the run's evidence holds, as seen from the repository; a text says what is wrong. */
async function findingsOf(context: EffectContext): Promise<UploadLog | string> {
  const { folder } = context.project;
  const path = context.needs["report"]?.facts["sarif"];
  let text: string;
  if (typeof path === "string") {
    try {
      if ((await stat(path)).size > LARGEST_LOG) return `${path} is too large`;
      text = await readFile(path, "utf8");
    } catch (error) {
      return `the findings can't be read: ${(error as Error).message}`;
    }
  } else {
    text = [...sarifText(findingsOfRun(context.project.stateFolder, context.view()))].join("");
  }
  const log = parseUploadLog(context.mask(text));
  if (!log.ok) return log.error;
  const inside = relative(repositoryFolder(folder), folder).split(sep).join("/");
  return placeInRepository(log.value, { folder: inside, home: "greenlight.config.ts" });
}

function warned(why: string, place: string, message: string, remedy?: string): EffectResult {
  const found = problem("FINDINGS_NOT_UPLOADED", { place, message, ...(remedy === undefined ? {} : { remedy }) });
  return { ...NOTHING, outcome: "warned", why, problems: [found] };
}
