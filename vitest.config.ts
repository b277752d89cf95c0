import { defineConfig } from "vitest/config";

const patience = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 10_000 } } };

/** Areas without a process, a file or a clock of their own. */
const PURE = ["statistics", "pipeline", "evidence", "release", "report", "compilers", "models"].map(
  (area) => `greenlight/src/${area}/**/*.test.ts`,
);
const unit = { testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "greenlight",
          include: ["greenlight/src/**/*.test.ts", "test/*.test.ts"],
          exclude: PURE,
          ...unit,
        },
      },
      // Where nothing can meet in a worker, modules are loaded once: that halves the time.
      { test: { name: "pure", include: PURE, isolate: false, ...unit } },
      { extends: "./movies/vitest.config.ts", test: { name: "movies", root: "./movies" } },
      { test: { name: "scenarios", include: ["test/scenarios/**/*.test.ts"], ...patience } },
    ],
  },
});
