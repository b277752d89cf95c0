import type { NoticeChannelModule } from "../../../app/outbox/notice-channel.ts";
import { githubChannel } from "./github-channel.ts";
import { githubClient } from "./github-client.ts";
import { isRepository, readGithubOptions } from "./options.ts";

/** GitHub as it can be reached from here: by GITHUB_TOKEN, and GITHUB_API_URL where it is not github.com. */
export const openNoticeChannel: NoticeChannelModule["openNoticeChannel"] = ({ options, env }) => {
  const { repository: named, production, transient } = readGithubOptions(options);
  const repository = named ?? env["GITHUB_REPOSITORY"] ?? "";
  if (repository === "") return { unavailableBecause: "GITHUB_REPOSITORY is not set" };
  if (!isRepository(repository)) return { unavailableBecause: "GITHUB_REPOSITORY is not like owner/name" };
  const token = env["GITHUB_TOKEN"] ?? "";
  if (token === "") return { unavailableBecause: "GITHUB_TOKEN is not set" };
  const apiUrl = addressOf(env["GITHUB_API_URL"], "https://api.github.com");
  const serverUrl = addressOf(env["GITHUB_SERVER_URL"], "https://github.com");
  return githubChannel(githubClient({ apiUrl, token }), { repository, production, transient, serverUrl });
};

function addressOf(given: string | undefined, usual: string): string {
  return (given === undefined || given === "" ? usual : given).replace(/\/+$/u, "");
}
