import { setTimeout as pause } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { askVersion } from "../../greenlight/src/release/find-python.ts";
import { ProjectCopy } from "./testing/project-copy.ts";

/** The locked packages have wheels from 3.11 on. */
const LEAST_MINOR = 11;
const FILM = { title: "The Matrix", releaseDate: "1999-03-31", productionBudget: 65_000_000, runningTimeMin: 136 };
const TOOLS = ["Black", "isort", "Flake8", "Pylint", "MyPy", "Bandit", "Safety", "pip-audit"];
const MADE = ["collect films", "clean films", "train", "evaluate", "model gate", "python packages"];
const STEPS = [
  "python environment",
  ...TOOLS,
  "unit tests",
  "integration tests",
  ...MADE,
  "bundle",
  "deploy staging",
  "smoke tests staging",
  "baseline staging",
  "deploy production",
  "smoke tests production",
  "benchmark production",
  "health",
  "report",
];
/** Advisory data that can't be reached, and a latency that other work on the machine spoils, say nothing against a release. */
const MAY_WARN = new Set(["Safety", "pip-audit", "baseline staging", "benchmark production"]);

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const python = IS_HEAVY ? await findUsable() : null;
const note = IS_HEAVY && python === null ? ` (skipped: no Python 3.${LEAST_MINOR} or newer)` : "";

async function findUsable(): Promise<string | null> {
  for (const program of [process.env["PYTHON"] ?? "", "python3", "python3.13", "python3.12", "python3.11"]) {
    const version = program === "" ? null : await askVersion(program);
    if (version !== null && Number(version.split(".")[1]) >= LEAST_MINOR) return program;
  }
  return null;
}

interface StepEnd {
  readonly type: string;
  readonly step: string;
  readonly outcome: string;
  readonly isFromCache: boolean;
}

/** Installs a hundred packages and runs their tools, so only with `npm run test:heavy`. */
describe.runIf(python !== null)(`the Python example, with the real tools${note}`, { timeout: 1_500_000 }, () => {
  let example: ProjectCopy;

  beforeAll(async () => {
    example = await ProjectCopy.of("examples/ratings-python", { PYTHON: python ?? "" });
  });

  afterAll(async () => {
    await example.dispose();
  });

  async function up(): Promise<ReadonlyMap<string, StepEnd>> {
    const { status, stdout, stderr } = await example.greenlight("up", "--yes", "--once", "--json");
    expect(status === 0 ? "" : stdout.slice(-3000) + stderr).toBe("");
    const ends = stdout
      .split("\n")
      .filter((line) => line.includes('"step-ended"'))
      .map((line) => JSON.parse(line) as StepEnd);
    return new Map(ends.map((each) => [each.step, each]));
  }

  async function predict(): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${example.productionPort}/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(FILM),
    });
    return (await answer.json()) as Record<string, unknown>;
  }

  /** One request after the other; now and then a pause beyond the five seconds for which uvicorn keeps a connection. */
  async function askUntil(signal: AbortSignal): Promise<{ readonly answered: number; readonly failed: string[] }> {
    const failed: string[] = [];
    let answered = 0;
    while (!signal.aborted) {
      try {
        if (typeof (await predict())["rating"] === "number") answered += 1;
        else failed.push("an answer without a rating");
      } catch (error) {
        failed.push(String(error));
      }
      await pause(answered % 20 === 0 ? 5200 : 100, undefined, { signal }).catch(() => {});
    }
    return { answered, failed };
  }

  test("passes all five stages, and its release answers", async () => {
    const steps = await up();
    const bad = STEPS.map((name) => `${name}: ${steps.get(name)?.outcome ?? "absent"}`).filter((each) => {
      const [name = "", outcome = ""] = each.split(": ");
      return outcome !== "passed" && !(outcome === "warned" && MAY_WARN.has(name));
    });
    expect(bad).toEqual([]);
    expect(await predict()).toMatchObject({
      rating: expect.closeTo(6.8, 0),
      releaseId: expect.stringMatching(/^ratings-[0-9a-f]{12}$/u),
    });
  });

  test("a changed service goes live without one failed request, with the same model, and a rollback brings the first one back", async () => {
    const before = await predict();
    example.append("src/serve.py", "# Another release.\n");
    const stop = new AbortController();
    const asking = askUntil(stop.signal);
    const steps = await up().finally(() => stop.abort());
    const { answered, failed } = await asking;
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(20);
    expect(MADE.filter((name) => steps.get(name)?.isFromCache !== true)).toEqual([]);
    const after = await predict();
    expect(after["releaseId"]).not.toBe(before["releaseId"]);
    expect(after).toMatchObject({ rating: before["rating"], modelVersion: before["modelVersion"] });
    const { status, stderr } = await example.greenlight("rollback", "production");
    expect(status === 0 ? "" : stderr).toBe("");
    expect(await predict()).toMatchObject({ releaseId: before["releaseId"], rating: before["rating"] });
  });

  test("after down nothing of it answers", async () => {
    expect((await example.greenlight("down")).status).toBe(0);
    await expect(predict()).rejects.toThrow("fetch failed");
  });
});
