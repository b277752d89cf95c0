import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { FakeGithub } from "../../greenlight/src/adapters/codehosts/github/testing/fake-github.ts";
import { freePort, Sandbox, type Ended } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const TOKEN = "ghs_0123456789";
const KEY = "key-of-production";

let sandbox: Sandbox;
let fake: FakeGithub;
let port: number;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  sandbox.write(".gitignore", ".greenlight\nnode_modules\nout\n.env\n");
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, fromEnvironment, optional, pipeline } from "greenlight";
     import { github } from "greenlight/codehosts";
     import { processes } from "greenlight/targets";
     const environments = {
       production: {
         target: processes({ port: ${port}, bakeMs: 300 }),
         branches: ["main"],
         secrets: { FILM_KEY: fromEnvironment("FILM_KEY_PROD"), BUCKET: optional(fromEnvironment("BUCKET_PROD")) },
       },
     };
     const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, codeHost: github(), pipelines: { delivery: pipeline({
       stages: { build: [release], deploy: [deploy("production", { needs: { release } })] } }) } });`,
  );
  fake = await FakeGithub.start({ token: TOKEN, commits: [commit("film")] });
});

afterEach(async () => {
  await sandbox.down();
  await fake.close();
  await sandbox.dispose();
});

test("what is missing is told before anything is done; then the service has its secret, and GitHub hears of it", async () => {
  const missing = await command(["run"], { FILM_KEY_PROD: "" });
  expect([missing.status, missing.stderr]).toEqual([
    2,
    expect.stringContaining("environments.production.secrets.FILM_KEY"),
  ]);
  expect(fake.requests).toEqual([]);
  expect(await command(["run"])).toMatchObject({ status: 0 });
  expect(await served()).toMatchObject({ word: "film", key: KEY, bucket: null });
  expect(await command(["notices", "--retry"])).toMatchObject({ status: 0, stdout: "everything is told\n" });
  expect(statesTold()).toEqual(["in_progress success"]);
}, 120_000);

test.skipIf(!IS_HEAVY)(
  "GitHub is told of two deployments and a rollback, each has its report, and the secret is told to nobody",
  async () => {
    const first = await command(["run"]);
    expect(first).toMatchObject({ status: 0 });

    // GitHub is down while the second one goes out, and hears of it by the rollback.
    fake.allow(commit("song"));
    fake.fate = () => ({ status: 503 });
    const second = await command(["run"]);
    expect(second).toMatchObject({ status: 0 });
    expect(await served()).toMatchObject({ word: "song" });
    expect(fake.story).toHaveLength(1);
    fake.fate = () => "served";
    const back = await command(["rollback", "production", "--why", "a test"]);
    expect(back).toMatchObject({ status: 0 });
    expect(await served()).toMatchObject({ word: "film", key: KEY });

    await expect.poll(async () => (await command(["notices", "--retry"])).status, { timeout: 20_000 }).toBe(0);
    expect(statesTold()).toEqual([
      "in_progress success inactive",
      "in_progress success inactive",
      "in_progress success",
    ]);
    expect(fake.deployments[2]?.sha).toBe(fake.deployments[0]?.sha);

    const reports = join(sandbox.folder, ".greenlight/reports/deployments");
    const ids = readdirSync(reports);
    expect(ids).toHaveLength(3);
    const last = readFileSync(join(reports, ids.toSorted().at(-1) ?? "", "report.md"), "utf8");
    expect(last).toContain("words / production: live");
    expect(last).toContain("took over again from");
    // What a service says of itself stands in its own log, for its user alone.
    const holding = filesWith(KEY).filter((path) => !path.includes("/environments/production/logs/"));
    expect(holding).toEqual([expect.stringContaining("/environments/production/secrets/")]);
    expect([first, second, back].filter(({ stdout, stderr }) => `${stdout}${stderr}`.includes(KEY))).toEqual([]);

    // It is stopped while GitHub is down, and hears of it once.
    fake.fate = () => ({ status: 503 });
    expect(await command(["down", "production"])).toMatchObject({ status: 0 });
    expect(statesTold()[2]).toBe("in_progress success");
    fake.fate = () => "served";
    for (let time = 0; time < 2; time += 1) expect(await command(["down", "production"])).toMatchObject({ status: 0 });
    await expect.poll(async () => (await command(["notices", "--retry"])).status, { timeout: 20_000 }).toBe(0);
    expect(statesTold()[2]).toBe("in_progress success inactive");
  },
  120_000,
);

async function command(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return sandbox.greenlight(args, {
    FILM_KEY_PROD: KEY,
    GITHUB_REPOSITORY: "shop/films",
    GITHUB_TOKEN: TOKEN,
    GITHUB_API_URL: fake.url,
    GITHUB_ACTIONS: "",
    ...env,
  });
}

/** Of each deployment, oldest first. */
function statesTold(): string[] {
  return fake.story.map((line) => line.replace(/^production \w{4}: /u, ""));
}

async function served(): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/`)).json();
}

function commit(word: string): string {
  const answer = `{ releaseId, word: "${word}", key: process.env.FILM_KEY, bucket: process.env.BUCKET ?? null }`;
  writeService(sandbox, answer, 'console.log("started with", process.env.FILM_KEY);');
  return sandbox.commit(word);
}

/** Files of the state folder that hold the text. */
function filesWith(text: string): string[] {
  const folder = join(sandbox.folder, ".greenlight");
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path).includes(text));
}
