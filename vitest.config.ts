import { defineConfig } from "vitest/config";

const MEASURED = ["blue-green", "main-job", "up-and-down", "left-behind", "own-server", "warm-blue"].map(
  (name) => `test/scenarios/${name}.test.ts`,
);
const patience = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "greenlight",
          include: ["greenlight/src/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
        },
      },
      { extends: "./movies/vitest.config.ts", test: { name: "movies", root: "./movies" } },
      {
        test: {
          name: "scenarios",
          include: ["test/scenarios/**/*.test.ts"],
          exclude: MEASURED,
          ...patience,
        },
      },
      {
        test: {
          name: "measured scenarios",
          include: MEASURED,
          // What they measure, or wait for, another test would spoil.
          fileParallelism: false,
          ...patience,
        },
      },
    ],
  },
});
