import { MAX_ENTRIES } from "../../bounds.ts";
import type { FlakyTest, TestsEvidence } from "../../evidence.ts";
import type { ReadCase } from "./test-case.ts";

const SLOWEST_COUNT = 10;

/** Adds tests up: true counts, and of the lists what evidence keeps. */
export class TestTally {
  readonly #tool: string;
  #passedCount = 0;
  #failedCount = 0;
  #skippedCount = 0;
  #flakyCount = 0;
  #durationMs = 0;
  readonly #failures: TestsEvidence["failures"][number][] = [];
  readonly #flaky: FlakyTest[] = [];
  #slowest: TestsEvidence["slowest"][number][] = [];

  constructor(tool: string) {
    this.#tool = tool;
  }

  add({ name, file, durationMs, isSkipped, failure, flaky }: ReadCase): void {
    if (isSkipped) {
      this.#skippedCount += 1;
      return;
    }
    this.#durationMs += durationMs;
    this.#noteTime(name, durationMs);
    if (failure !== null) {
      this.#failedCount += 1;
      if (this.#failures.length < MAX_ENTRIES) this.#failures.push(detached({ name, file, message: failure }));
      return;
    }
    this.#passedCount += 1;
    if (flaky === null) return;
    this.#flakyCount += 1;
    if (this.#flaky.length < MAX_ENTRIES)
      this.#flaky.push({ ...detached({ name, file, message: flaky }), by: "rerun" });
  }

  evidence(): TestsEvidence {
    return {
      kind: "tests",
      tool: this.#tool,
      passedCount: this.#passedCount,
      failedCount: this.#failedCount,
      skippedCount: this.#skippedCount,
      durationMs: Math.round(this.#durationMs),
      failures: this.#failures,
      slowest: this.#slowest.map((test) => ({ ...test, durationMs: Math.round(test.durationMs) })),
      ...(this.#flakyCount === 0 ? {} : { flaky: this.#flaky, flakyCount: this.#flakyCount }),
    };
  }

  #noteTime(name: string, durationMs: number): void {
    const last = this.#slowest.at(-1);
    if (this.#slowest.length >= SLOWEST_COUNT && last !== undefined && last.durationMs >= durationMs) return;
    const at = this.#slowest.findIndex((test) => test.durationMs < durationMs);
    this.#slowest.splice(at === -1 ? this.#slowest.length : at, 0, structuredClone({ name, durationMs }));
    this.#slowest = this.#slowest.slice(0, SLOWEST_COUNT);
  }
}

/** A part of a text keeps the whole text in memory; a copy does not. */
function detached<Test extends { readonly name: string; readonly file: string | null; readonly message: string }>(
  test: Test,
): Test {
  return structuredClone(test);
}
