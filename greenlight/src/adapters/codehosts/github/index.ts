import type { FindingsChannelModule } from "../../../app/findings/findings-channel.ts";
import type { NoticeChannelModule } from "../../../app/outbox/notice-channel.ts";
import { githubFindings } from "./findings-channel.ts";
import { githubChannel } from "./github-channel.ts";
import { githubClient } from "./github-client.ts";
import { isRepository, readGithubOptions } from "./options.ts";

/** GitHub as it can be reached from here: by GITHUB_TOKEN, and GITHUB_API_URL where it is not github.com. */
export const openNoticeChannel: NoticeChannelModule["openNoticeChannel"] = ({ options, env }) => {
  const { production, transient } = readGithubOptions(options);
  const access = accessOf(options, env);
  if ("unavailableBecause" in access) return access;
  const { repository, apiUrl, token } = access;
  const serverUrl = addressOf(env["GITHUB_SERVER_URL"], "https://github.com");
  return githubChannel(githubClient({ apiUrl, token }), { repository, production, transient, serverUrl });
};

/** The same for findings. In a workflow, commit and ref are those of the event that started it. */
export const openFindingsChannel: FindingsChannelModule["openFindingsChannel"] = (given) => {
  const { options, env } = given;
  const access = accessOf(options, env);
  if ("unavailableBecause" in access) return access;
  const isWorkflow = env["GITHUB_ACTIONS"] === "true";
  const commit = (isWorkflow ? env["GITHUB_SHA"] : undefined) ?? given.commit;
  const ref =
    (isWorkflow ? env["GITHUB_REF"] : undefined) ?? (given.branch === null ? null : `refs/heads/${given.branch}`);
  if (commit === null || !/^[0-9a-f]{40}$/u.test(commit)) return { unavailableBecause: "the commit is not known" };
  if (ref === null || !/^refs\/\S+$/u.test(ref)) return { unavailableBecause: "the branch is not known" };
  const { repository, apiUrl, token } = access;
  return githubFindings(githubClient({ apiUrl, token, timeoutMs: UPLOAD_MS }), { repository, commit, ref });
};

/** Megabytes take longer than a notice. */
const UPLOAD_MS = 60_000;

function accessOf(
  options: Parameters<typeof readGithubOptions>[0],
  env: Readonly<Record<string, string | undefined>>,
):
  | { readonly repository: string; readonly apiUrl: string; readonly token: string }
  | { readonly unavailableBecause: string } {
  const { repository: named } = readGithubOptions(options);
  const repository = named ?? env["GITHUB_REPOSITORY"] ?? "";
  if (repository === "") return { unavailableBecause: "GITHUB_REPOSITORY is not set" };
  if (!isRepository(repository)) return { unavailableBecause: "GITHUB_REPOSITORY is not like owner/name" };
  const token = env["GITHUB_TOKEN"] ?? "";
  if (token === "") return { unavailableBecause: "GITHUB_TOKEN is not set" };
  return { repository, token, apiUrl: addressOf(env["GITHUB_API_URL"], "https://api.github.com") };
}

function addressOf(given: string | undefined, usual: string): string {
  return (given === undefined || given === "" ? usual : given).replace(/\/+$/u, "");
}
