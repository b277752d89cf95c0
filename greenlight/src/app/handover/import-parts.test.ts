import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "../../adapters/stores/sqlite/run-database.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import { digestText } from "../../base/file-digest.ts";
import { ProblemError } from "../../base/problem.ts";
import { digestOutputs } from "../../engine/files/outputs.ts";
import { step } from "../../pipeline/define.ts";
import { readParts, writePart } from "./handover-folder.ts";
import { importParts, type ImportContext } from "./import-parts.ts";
import type { PartHead, RunPart } from "./part-file.ts";
import { headOf, partWithOutput, planOf, RUN, samplePart, STARTED, stepEnded } from "./testing/sample-part.ts";

const TEXT = "a film\n";
const DIGEST = digestText(TEXT);
const WANTED = headOf("any");
const plan = planOf({ build: [step("a", { run: "x", outputs: { text: "out/text" } })] });

let folder: string;
let context: ImportContext;
let work: WorkDatabase;
let runs: RunDatabase;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-handover-"));
  work = new WorkDatabase(join(folder, "work.sqlite"));
  runs = new RunDatabase(join(folder, "runs.sqlite"));
  context = { plan, runs, cache: work.cache, blobs: new BlobFolder(join(folder, "blobs")) };
});

afterEach(async () => {
  work.close();
  await runs.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Leaves a part where the next one finds it; `DIR/out` of one machine becomes `DIR/in` of another. */
async function handOver(part: RunPart): Promise<string> {
  const source = join(folder, "source");
  writeFileSync(source, TEXT);
  await writePart(folder, part, (digest) => Promise.resolve(digest === DIGEST ? source : null));
  const out = join(folder, "out", part.head.part);
  const into = join(folder, "in", part.head.part);
  for (const name of ["part.jsonl", `blobs/${DIGEST.slice(0, 2)}/${DIGEST.slice(2)}`]) {
    mkdirSync(dirname(join(into, name)), { recursive: true });
    try {
      writeFileSync(join(into, name), readFileSync(join(out, name)));
    } catch {
      // The part has no such file.
    }
  }
  return into;
}

async function importAll(): Promise<string> {
  try {
    const imported = await importParts(await readParts(folder), WANTED, context);
    return `${imported.events.length} events of ${imported.parts.join(", ")}`;
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map((each) => each.code).join();
    throw error;
  }
}

describe("what was handed over", () => {
  test("is in this machine's stores afterwards, however often it is taken over", async () => {
    const part = partWithOutput(DIGEST);
    await handOver(part);
    expect(await importAll()).toBe("2 events of build-0-1");
    expect(await importAll()).toBe("2 events of build-0-1");
    expect((await runs.events(RUN)).map((event) => event.sequence)).toEqual([1, 2]);
    const [result] = part.results;
    expect(await work.cache.get(result?.manifestDigest ?? "")).toMatchObject({ step: "a", outputs: result?.outputs });
    expect(readFileSync((await context.blobs.localPath(DIGEST)) ?? "", "utf8")).toBe(TEXT);
    expect((await runs.lastSuccess({ pipeline: "delivery", step: "a" }))?.runId).toBe(RUN);
  });

  test("of a step that may not be cached counts in this run only", async () => {
    const part = partWithOutput(DIGEST, { isCacheable: false });
    await handOver(part);
    const imported = await importParts(await readParts(folder), WANTED, context);
    expect(imported.outputs.get("a")?.outputs).toEqual(part.results[0]?.outputs);
    expect(await work.cache.get(part.results[0]?.manifestDigest ?? "")).toBeNull();
  });

  test("may be nothing at all", async () => {
    expect(await importAll()).toBe("0 events of ");
  });
});

describe("what is torn or missing stops the part", () => {
  test.each([
    ["a file of a result is missing", (own: string) => unlinkSync(blobIn(own))],
    ["a file of a result is cut", (own: string) => truncateSync(blobIn(own), 3)],
    ["a file of a result is another", (own: string) => writeFileSync(blobIn(own), "a tree\n")],
    ["the part is cut", (own: string) => truncateSync(join(own, "part.jsonl"), 700)],
    ["the part is missing", (own: string) => unlinkSync(join(own, "part.jsonl"))],
  ])("%s", async (_name, damage) => {
    damage(await handOver(partWithOutput(DIGEST)));
    expect(await importAll()).toBe("HANDOVER_INCOMPLETE");
    expect(await runs.events(RUN)).toEqual([]);
  });

  test("a link in the place of a file is not followed", async () => {
    const own = await handOver(partWithOutput(DIGEST));
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(elsewhere, TEXT);
    unlinkSync(blobIn(own));
    symlinkSync(elsewhere, blobIn(own));
    expect(await importAll()).toBe("HANDOVER_INCOMPLETE");
  });

  test("results that the part's own events do not tell of", async () => {
    const part = partWithOutput(DIGEST);
    await handOver({ ...part, events: samplePart("build-0-1", [STARTED, stepEnded("a", "passed")]).events });
    expect(await importAll()).toBe("HANDOVER_INCOMPLETE");
  });
});

describe("what belongs to something else is refused", () => {
  test.each<[string, Partial<PartHead>]>([
    ["another run", { runId: "ci-2" }],
    ["another commit", { commit: "beef" }],
    ["another pipeline", { pipeline: "nightly" }],
    ["another version", { greenlightVersion: "0.0.9" }],
  ])("%s", async (_name, head) => {
    const part = samplePart("p", [STARTED]);
    const events = part.events.map((event) => ({ ...event, runId: head.runId ?? RUN }));
    await handOver({ ...part, events, head: { ...part.head, ...head } });
    expect(await importAll()).toBe("HANDOVER_REFUSED");
  });

  test("a run that something else began: a pull request can't make itself a push", async () => {
    const trigger = { ...STARTED.trigger, branch: "develop" };
    await handOver(samplePart("p", [{ ...STARTED, trigger }]));
    expect(await importAll()).toBe("HANDOVER_REFUSED");
  });

  test.each(["src/main.ts", ".git/hooks/pre-commit", "out/texts"])(
    "an output at %s, which the step does not own",
    async (path) => {
      const outputs = { text: [{ path, digest: DIGEST, isExecutable: false }] };
      const part = partWithOutput(DIGEST, { outputs });
      const events = part.events.map((event) =>
        event.type === "step-ended" ? { ...event, outputs: digestOutputs(outputs) } : event,
      );
      await handOver({ ...part, events });
      expect(await importAll()).toBe("HANDOVER_REFUSED");
    },
  );

  test("a record of this machine that says something else", async () => {
    const [first] = samplePart("own", [STARTED], { second: 7 }).events;
    if (first !== undefined) await runs.append(first);
    await handOver(partWithOutput(DIGEST));
    expect(await importAll()).toBe("HANDOVER_REFUSED");
  });
});

function blobIn(own: string): string {
  return join(own, "blobs", DIGEST.slice(0, 2), DIGEST.slice(2));
}
