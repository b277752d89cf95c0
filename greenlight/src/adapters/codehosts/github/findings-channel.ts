import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import type { FindingsAnswer, FindingsChannel } from "../../../app/findings/findings-channel.ts";
import { cutLog, resultCountOf, type UploadLog } from "../../../app/findings/upload-log.ts";
import type { GithubAnswer, GithubClient } from "./github-client.ts";

/** https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads: what is above is refused as a whole. */
const LIMITS = { runs: 20, resultsPerRun: 25_000 };
const LARGEST_BYTES = 10 * 1024 * 1024;
/** GitHub looks at a log after it has taken it. */
const LOOKS = 12;
const LOOK_MS = 1000;
const compress = promisify(gzip);

export interface FindingsPlace {
  /** `owner/name`. */
  readonly repository: string;
  readonly commit: string;
  /** `refs/heads/main`, `refs/pull/7/merge`. */
  readonly ref: string;
}

/** GitHub's security tab as a channel: https://docs.github.com/rest/code-scanning#upload-an-analysis-as-sarif-data */
export function githubFindings(
  client: GithubClient,
  place: FindingsPlace,
  bounds: { readonly lookMs?: number; readonly largestBytes?: number } = {},
): FindingsChannel {
  const { lookMs = LOOK_MS, largestBytes = LARGEST_BYTES } = bounds;
  const root = `/repos/${place.repository}/code-scanning/sarifs`;
  return {
    name: `github ${place.repository}`,
    commit: place.commit,
    ref: place.ref,
    upload: async (whole, signal) => {
      const { log, notes, bytes } = await fit(whole, largestBytes);
      const body = {
        commit_sha: place.commit,
        ref: place.ref,
        sarif: bytes.toString("base64"),
        tool_name: "Greenlight",
      };
      const answer = await client.call({ method: "POST", path: root, body }, signal);
      if (answer.kind !== "ok") return notUploaded(answer, place.repository);
      const id = textOf(answer.body, "id");
      if (id === null) return { kind: "later", why: "GitHub answered without an id", waitMs: null };
      const refusal = await awaitProcessing(id, signal);
      return refusal ?? { kind: "uploaded", id, resultCount: resultCountOf(log), notes };
    },
  };

  /** Null: it was processed, or takes longer than anybody waits here. */
  async function awaitProcessing(id: string, signal: AbortSignal): Promise<FindingsAnswer | null> {
    for (let look = 0; look < LOOKS; look += 1) {
      const seen = await client.call({ method: "GET", path: `${root}/${encodeURIComponent(id)}` }, signal);
      const status = seen.kind === "ok" ? textOf(seen.body, "processing_status") : null;
      if (status === "complete") return null;
      if (status === "failed" && seen.kind === "ok") {
        return {
          kind: "refused",
          why: `GitHub could not process the findings: ${errorsOf(seen.body)}`,
          remedy: "mend what GitHub says, then run the step again",
        };
      }
      try {
        await sleep(lookMs, undefined, { signal });
      } catch {
        return null;
      }
    }
    return null;
  }
}

/** The log within GitHub's limits; of one that is too large when compressed, fewer and fewer of the worst are kept. */
async function fit(
  whole: UploadLog,
  largestBytes: number,
): Promise<{ readonly log: UploadLog; readonly notes: readonly string[]; readonly bytes: Buffer }> {
  let resultsPerRun = Math.min(LIMITS.resultsPerRun, Math.max(1, ...whole.runs.map(({ results }) => results.length)));
  for (;;) {
    const { log, notes } = cutLog(whole, { ...LIMITS, resultsPerRun });
    const bytes = await compress(JSON.stringify(log));
    if (bytes.length <= largestBytes || resultsPerRun <= 1) return { log, notes, bytes };
    resultsPerRun = Math.max(1, Math.floor(resultsPerRun * Math.min(0.9, largestBytes / bytes.length)));
  }
}

function notUploaded(answer: Exclude<GithubAnswer, { kind: "ok" }>, repository: string): FindingsAnswer {
  if (answer.kind === "later") return answer;
  return { kind: "refused", why: answer.why, remedy: remedyOf(answer.status, repository) };
}

function remedyOf(status: number, repository: string): string {
  switch (status) {
    case 401:
      return "give a GITHUB_TOKEN that is valid";
    case 403:
      return `switch on code scanning in the settings of ${repository} (private ones need GitHub Advanced Security), and let the token write security events (in a workflow: \`security-events: write\`)`;
    case 404:
      return `check that ${repository} is the repository and that the token may see it`;
    case 413:
      return "report less by the tools' own configuration";
    default:
      return "push the commit that was checked, then run the step again";
  }
}

function textOf(body: unknown, name: string): string | null {
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, name)) return null;
  const value: unknown = (body as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" && value.length <= 200 ? value : null;
}

function errorsOf(body: unknown): string {
  const errors = typeof body === "object" && body !== null && "errors" in body ? body.errors : null;
  return Array.isArray(errors) ? errors.map(String).join("; ").slice(0, 300) : "it does not say why";
}
