import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ListedEnvironments } from "../../greenlight/src/app/environments/list-environments.ts";
import type { DeploymentRecord, Rehearsal } from "../../greenlight/src/deployment/environment.ts";
import { ended, freePort, Sandbox } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

let sandbox: Sandbox;
let ports: { readonly staging: number; readonly production: number };

beforeEach(async () => {
  sandbox = new Sandbox();
  ports = { staging: await freePort(), production: await freePort() };
  // The runs deploy to staging only; production is for the commands.
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline } from "greenlight";
     import { processes } from "greenlight/targets";
     const environments = {
       staging: { target: processes({ port: ${ports.staging}, bakeMs: 200 }), branches: ["main"] },
       production: { target: processes({ port: ${ports.production}, bakeMs: 200 }), branches: ["release"], approval: { expiresAfter: "24h" } },
     };
     const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
       stages: { build: [release], deploy: [deploy("staging", { needs: { release } })] } }) } });`,
  );
});

afterEach(async () => {
  await sandbox.down();
  await sandbox.dispose();
});

/** Bundles a service that says `text` and deploys it to staging. */
async function release(text: string): Promise<void> {
  writeService(sandbox, `{ releaseId, word: "${text}" }`);
  expect(await sandbox.greenlight(["up", "--once", "--yes"])).toMatchObject({ status: 0 });
}

async function word(environment: keyof typeof ports): Promise<string | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${ports[environment]}/`);
    return answer.ok ? ((await answer.json()) as { word: string }).word : null;
  } catch {
    return null;
  }
}

async function listed(name: string): Promise<ListedEnvironments["environments"][number]> {
  const answer = await sandbox.greenlight(["environments", name, "--json"]);
  const [environment] = (JSON.parse(answer.stdout) as ListedEnvironments).environments;
  if (environment === undefined) throw new Error(answer.stdout);
  return environment;
}

/** Everything in the environments' folders but logs and records of processes, which go on by themselves. */
function filesOf(environment: string): string[] {
  const folder = join(sandbox.folder, ".greenlight/environments", environment);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => !/^(logs|compile-cache)|\.tmp$/u.test(path))
    .toSorted();
}

describe("a person without a pipeline", () => {
  test("goes back with one command, and everything tells who, why and when", async () => {
    await release("first");
    await release("second");
    const [before] = [await listed("staging")];
    expect(before.slots).toMatchObject([{ warmUntil: expect.any(String) }, { warmUntil: null }]);

    const dry = JSON.parse(
      (await sandbox.as("ann", ["rollback", "staging", "--dry-run", "--json"])).stdout,
    ) as Rehearsal;
    expect(dry.actions.map(({ what }) => what)).toContain("switch-to-green");
    expect(dry.actions.map(({ what }) => what)).not.toContain("start-green");
    expect(await word("staging")).toBe("second");

    const back = await sandbox.as("ann", ["rollback", "staging", "--why", "the second is wrong"]);
    expect(back).toMatchObject({ status: 0, stderr: "" });
    expect(back.stdout).toMatch(/switching .* still runs|still runs/u);
    expect(await word("staging")).toBe("first");
    const after = await listed("staging");
    expect(after.history[0]).toMatchObject({
      kind: "rollback",
      state: "succeeded",
      who: "ann",
      why: "the second is wrong",
      releaseId: before.slots.find(({ warmUntil }) => warmUntil !== null)?.releaseId,
      previousReleaseId: before.live?.releaseId,
    });
    expect(after.slots).toHaveLength(1);
    const told = (await sandbox.greenlight(["environments"])).stdout;
    expect(told).toContain("ann: the second is wrong");
    expect(told).toContain("rollback to words-");

    // There is nothing before the first; what was taken back is brought again by its name, started anew from its own files.
    expect(await sandbox.codeOf("rollback", "staging")).toBe("2 ROLLBACK_IMPOSSIBLE");
    const again = await sandbox.as("bob", [
      "rollback",
      "staging",
      "--to",
      before.live?.releaseId ?? "",
      "--why",
      "was right",
    ]);
    expect(again.status).toBe(0);
    expect(await word("staging")).toBe("second");
    expect((await listed("staging")).history.map(({ who }) => who)).toEqual(["bob", "ann", "kim", "kim"]);
  });

  test.runIf(IS_HEAVY)(
    "deploys a release after an approval, by its name, and sees before what would be done",
    async () => {
      await release("first");
      const { live } = await listed("staging");
      const dry = await sandbox.greenlight(["deploy", "production", "--dry-run"]);
      expect(dry).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing was touched") });
      expect(dry.stdout).toMatch(/awaiting-approval[\s\S]*starting-green[\s\S]*switch-to-green/u);
      expect(readdirSync(join(sandbox.folder, ".greenlight/environments"))).toEqual(["staging"]);

      const waiting = await sandbox.as("ann", [
        "deploy",
        "production",
        "--release",
        live?.releaseId.slice(0, 10) ?? "",
        "--why",
        "it is time",
      ]);
      expect(waiting).toMatchObject({ status: 4, stdout: expect.stringContaining("greenlight approve production") });
      expect((await listed("production")).waiting).toMatchObject([{ releaseId: live?.releaseId, answer: null }]);
      expect((await sandbox.as("bob", ["approve", "production", "--why", "looks good"])).stdout).toContain(
        "greenlight deploy production",
      );
      const deployed = await sandbox.as("ann", ["deploy", "production", "--json"]);
      expect(deployed.status).toBe(0);
      expect(JSON.parse(deployed.stdout) as object).toMatchObject({
        outcome: "deployed",
        deployment: { who: "ann", approval: { by: "bob", why: "looks good" } } satisfies
          | Partial<DeploymentRecord>
          | object,
      });
      expect(await word("production")).toBe("first");
      expect((await sandbox.as("ann", ["deploy", "production"])).stdout).toContain("already so");
      expect((await listed("production")).history).toHaveLength(1);
    },
  );

  test("is told what is wrong with a name, and how to mend it", async () => {
    expect(await sandbox.codeOf("deploy", "staging")).toBe("2 RELEASE_UNKNOWN");
    expect(await sandbox.codeOf("deploy")).toBe("2 USAGE");
    expect(await sandbox.codeOf("deploy", "nowhere")).toBe("2 ENVIRONMENT_UNKNOWN");
    expect(await sandbox.codeOf("rollback")).toBe("2 USAGE");
    expect(await sandbox.codeOf("rollback", "staging")).toBe("2 ROLLBACK_IMPOSSIBLE");
    expect(await sandbox.codeOf("environments", "nowhere")).toBe("2 ENVIRONMENT_UNKNOWN");
    expect(await sandbox.codeOf("environments", "--limit", "many")).toBe("2 USAGE");
    expect((await sandbox.greenlight(["environments"])).stdout).toContain("nothing was deployed yet");
  });

  test.runIf(IS_HEAVY)(
    "can't go back to a release whose files are gone everywhere, is told so, and the live one stays",
    async () => {
      for (const name of ["first", "second", "third", "fourth", "fifth"]) await release(name);
      const { history } = await listed("staging");
      const oldest = history.at(-1)?.releaseId ?? "";
      const files = filesOf("staging");
      expect((await sandbox.greenlight(["rollback", "staging", "--to", oldest, "--dry-run"])).status).toBe(0);
      expect(filesOf("staging")).toEqual(files);
      rmSync(join(sandbox.folder, ".greenlight/store/blobs"), { recursive: true });
      const outcome = await sandbox.greenlight(["rollback", "staging", "--to", oldest]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toContain("RELEASE_INCOMPLETE");
      expect(await word("staging")).toBe("fifth");
      // Its neighbours have their files still, and need no store.
      expect((await sandbox.greenlight(["rollback", "staging", "--to", history[2]?.releaseId ?? ""])).status).toBe(0);
      expect(await word("staging")).toBe("third");
    },
  );
});

describe("two deployments at once from two processes", () => {
  test.runIf(IS_HEAVY)("a newer one ends the one that waits for its approval, and both say so", async () => {
    await release("first");
    const older = ended(sandbox.start(["deploy", "production", "--wait", "--why", "older"], { GITHUB_ACTOR: "ann" }));
    await expect
      .poll(async () => (await listed("production")).waiting.length, { timeout: 30_000, interval: 200 })
      .toBe(1);
    await release("second");
    const newer = await sandbox.as("bob", ["deploy", "production", "--yes", "--why", "newer"]);
    expect(newer.status).toBe(0);
    const told = await older;
    expect([told.status, told.stderr]).toEqual([1, expect.stringContaining("DEPLOYMENT_SUPERSEDED")]);
    expect(told.stderr).toContain("by bob");
    const { history } = await listed("production");
    expect(history.map(({ who, state }) => [who, state])).toEqual([
      ["bob", "succeeded"],
      ["ann", "aborted"],
    ]);
    expect(await word("production")).toBe("second");
  });

  test.runIf(IS_HEAVY)(
    "one of them gets the environment, the other one waits for it, and both come to an end",
    async () => {
      await release("first");
      await release("second");
      const { history } = await listed("staging");
      const releases = history.map(({ releaseId }) => releaseId);
      const outcomes = await Promise.all(
        releases.map((id, index) =>
          ended(sandbox.start(["deploy", "production", "--yes", "--release", id], { GITHUB_ACTOR: `person${index}` })),
        ),
      );
      expect(outcomes.map(({ status }) => status)).toEqual([0, 0]);
      const { history: records, slots } = await listed("production");
      expect(records.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
      expect(slots.filter(({ warmUntil }) => warmUntil === null)).toHaveLength(1);
    },
  );
});
