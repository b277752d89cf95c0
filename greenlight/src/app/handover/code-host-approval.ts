import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";
import type { Approver } from "../../engine/approval.ts";

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 4 * 1024 * 1024;
const ATTEMPTS = 3;

/** GitHub's "Get the review history for a workflow run", as far as it is of use here. */
const reviews = z.array(
  z.object({
    state: z.string(),
    comment: z.string().nullish(),
    environments: z.array(z.object({ name: z.string() })),
    user: z.object({ login: z.string() }).nullish(),
  }),
);

/**
 * In a job that GitHub has let start for a protected environment: grants in the name of the person who approved it there,
 * as GitHub tells it. The release is the one that this very run has built, so nobody else's approval can count for it. Null
 * anywhere else. Throws APPROVAL_WANTED when GitHub knows of no approval, which means that it asks for none.
 */
export function codeHostApprover(
  env: Readonly<Record<string, string | undefined>>,
  otherwise: Approver,
): Approver | null {
  const environment = env["GREENLIGHT_ENVIRONMENT"] ?? "";
  if (env["GITHUB_ACTIONS"] !== "true" || environment === "") return null;
  return async (request, signal) => {
    if (request.environment !== environment) return otherwise(request, signal);
    const standing = await request.standing();
    if (standing !== null) return standing;
    const found = (await readReviews(env, signal)).filter((review) =>
      review.environments.some((each) => each.name.toLowerCase() === environment.toLowerCase()),
    );
    const approved = found.findLast((review) => review.state === "approved");
    if (approved === undefined) {
      const message = "GitHub let the job start, and nobody approved it: it asks for no approval of this environment";
      const remedy = "give the environment required reviewers in the repository's settings, then run the job again";
      throw new ProblemError([problem("APPROVAL_WANTED", { place: environment, message, remedy })]);
    }
    const by = approved.user?.login ?? "unknown";
    const why = approved.comment?.trim() ?? "";
    return request.record({ kind: "granted", by, how: "code-host", why: why === "" ? "approved on GitHub" : why });
  };
}

async function readReviews(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<z.infer<typeof reviews>> {
  const url = `${env["GITHUB_API_URL"] ?? ""}/repos/${env["GITHUB_REPOSITORY"] ?? ""}/actions/runs/${env["GITHUB_RUN_ID"] ?? ""}/approvals`;
  let last = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const response = await fetch(url, {
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${env["GITHUB_TOKEN"] ?? ""}`,
          "user-agent": "greenlight",
          "x-github-api-version": "2022-11-28",
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const text = (await response.text()).slice(0, MAX_BYTES);
      if (response.ok) return reviews.parse(JSON.parse(text));
      last = `HTTP ${response.status}`;
      // What is forbidden or unknown stays so.
      if (response.status < 500 && response.status !== 429) break;
    } catch (error) {
      signal.throwIfAborted();
      last = error instanceof Error ? error.message : String(error);
    }
  }
  const message = `GitHub does not tell who approved the job (${last})`;
  const remedy = "let the job read actions (`permissions: actions: read`), and see whether GitHub answers";
  throw new ProblemError([problem("APPROVAL_WANTED", { place: env["GREENLIGHT_ENVIRONMENT"] ?? "", message, remedy })]);
}
