import { spawn } from "node:child_process";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { ProjectCopy } from "./testing/project-copy.ts";
import { ended, type Ended } from "./testing/sandbox.ts";

const FILM = {
  title: "The Matrix",
  releaseDate: "1999-03-31",
  productionBudget: 65_000_000,
  runningTimeMin: 136,
  mpaaRating: "R",
};
const TASKS = [
  "format",
  "lint",
  "types",
  "secrets",
  "unit tests",
  "integration tests",
  "collect films",
  "clean films",
  "train",
  "evaluate",
  "model gate",
  "compile",
  "bundle",
];
const EFFECTS = [
  "deploy staging",
  "smoke tests staging",
  "baseline staging",
  "deploy production",
  "smoke tests production",
  "benchmark production",
  "health",
];

/** What only a code host, or an account elsewhere, takes. */
const UPLOADS = ["codecov upload", "upload findings"];

interface StepEnd {
  readonly type: string;
  readonly step: string;
  readonly outcome: string;
  readonly why: string;
  readonly isFromCache: boolean;
  readonly isAlready: boolean;
}

/** Minutes of two cores, so only with `npm run test:heavy`. */
describe.runIf(process.env["GREENLIGHT_HEAVY"] === "1")(
  "the main job, on the real movies",
  { timeout: 300_000 },
  () => {
    let movies: ProjectCopy;

    beforeAll(async () => {
      movies = await ProjectCopy.of("movies");
    });

    afterAll(async () => {
      await movies.dispose();
    });

    async function up(): Promise<ReadonlyMap<string, StepEnd>> {
      const { status, stdout, stderr } = await movies.greenlight("up", "--yes", "--once", "--json");
      expect(status === 0 ? "" : stdout.slice(-3000) + stderr).toBe("");
      return stepsOf(stdout);
    }

    async function predict(): Promise<Record<string, unknown>> {
      const answer = await fetch(`http://127.0.0.1:${movies.productionPort}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(FILM),
      });
      return (await answer.json()) as Record<string, unknown>;
    }

    test("from a fresh copy the five stages pass, and production answers for a film", async () => {
      const steps = await up();
      expect(
        [...TASKS, ...EFFECTS, "audit", ...UPLOADS, "report"].filter(
          (name) => !["passed", "warned"].includes(steps.get(name)?.outcome ?? "absent"),
        ),
      ).toEqual([]);
      // Where the registry tells its advisories the audit passes; where it does not, it says why in a line.
      const audit = steps.get("audit");
      if (audit?.outcome !== "passed") expect(audit?.why).toMatch(/npm audit: inconclusive, the registry gave no/u);
      // Away from the code host there is nobody to tell.
      for (const name of UPLOADS)
        expect(steps.get(name)).toMatchObject({ outcome: "passed", why: expect.stringContaining("nobody to tell") });
      expect(await predict()).toMatchObject({
        rating: expect.closeTo(6.8, 0),
        releaseId: expect.stringMatching(/^movies-[0-9a-f]{12}$/u),
        predictionId: expect.stringMatching(/^[0-9a-f-]{36}$/u),
      });
      const validation = JSON.parse(movies.read("data/validation.json")) as { keptCount: number };
      expect(validation.keptCount).toBe(2873);
      const isWarned = [...steps.values()].some((step) => step.outcome === "warned");
      const heading = isWarned ? "Warned" : "Passed";
      expect(movies.read(".greenlight/reports/latest.html")).toContain(`<h1>${heading}</h1>`);
    });

    test("again with nothing changed: every task from the cache, every effect already so, each with its reason", async () => {
      const steps = await up();
      expect(TASKS.filter((name) => steps.get(name)?.isFromCache !== true)).toEqual([]);
      expect(EFFECTS.filter((name) => steps.get(name)?.isAlready !== true)).toEqual([]);
      expect([...steps.values()].filter((step) => step.why === "")).toEqual([]);
    });

    test("a changed file of the API goes live under load without one failed request, and nothing is trained", async () => {
      const before = (await predict())["releaseId"];
      movies.append("src/api/main.ts", "\nexport const CHANGED = true;\n");
      // Half a minute of load, from just before production is switched.
      let load: Promise<Ended> | undefined;
      const running = movies.start(["up", "--yes", "--once", "--json"]);
      running.stdout?.on("data", (chunk) => {
        if (String(chunk).includes('"type":"step-started","step":"deploy production"')) load ??= fire();
      });
      const { stdout } = await ended(running);
      const steps = stepsOf(stdout);
      const figures = JSON.parse((await load)?.stdout ?? "{}") as Record<string, unknown>;
      expect(figures).toMatchObject({ errors: 0, timeouts: 0, non2xx: 0, "2xx": expect.any(Number) });
      expect(figures["2xx"]).toBeGreaterThan(1000);
      expect((await predict())["releaseId"]).not.toBe(before);
      for (const name of ["collect films", "clean films", "train", "evaluate", "model gate"]) {
        expect(steps.get(name)).toMatchObject({ isFromCache: true });
      }
      expect(steps.get("deploy production")).toMatchObject({ isAlready: false, outcome: "passed" });
      // A latency that strangers' requests spoilt is no verdict on the release.
      expect(steps.get("benchmark production")?.outcome).toBe("warned");
    });

    function fire(): Promise<Ended> {
      const cannon = join(import.meta.dirname, "../../node_modules/autocannon/autocannon.js");
      const url = `http://127.0.0.1:${movies.productionPort}/predict`;
      const body = ["-H", "content-type=application/json", "-b", JSON.stringify(FILM)];
      return ended(
        spawn(process.execPath, [cannon, "-c", "20", "-d", "30", "-m", "POST", ...body, "--json", url], {
          stdio: ["ignore", "pipe", "pipe"],
        }),
      );
    }

    test("after down nothing of it runs, and the same command deploys again and says so", async () => {
      const status = JSON.parse((await movies.greenlight("status", "--json")).stdout) as {
        environments: {
          keeper: { pid: number } | null;
          router: { pid: number } | null;
          slots: { pid: number | null }[];
        }[];
      };
      const pids = status.environments
        .flatMap((each) => [each.keeper?.pid, each.router?.pid, ...each.slots.map((slot) => slot.pid)])
        .filter((pid) => typeof pid === "number");
      // Keeper, router and service of both, and the releases that are kept warm since the last deployment.
      expect(pids.length).toBe(status.environments.reduce((sum, each) => sum + 2 + each.slots.length, 0));
      expect(pids.length).toBeGreaterThanOrEqual(6);
      await movies.greenlight("down");
      expect(pids.filter((pid) => processStartTime(pid) !== null)).toEqual([]);
      const steps = await up();
      expect(TASKS.filter((name) => steps.get(name)?.isFromCache !== true)).toEqual([]);
      expect(steps.get("deploy production")).toMatchObject({
        isAlready: false,
        why: expect.stringContaining("the environment was stopped"),
      });
      expect(await predict()).toHaveProperty("rating");
    });
  },
);

function stepsOf(stdout: string): ReadonlyMap<string, StepEnd> {
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as StepEnd);
  return new Map(events.filter((event) => event.type === "step-ended").map((event) => [event.step, event]));
}
