import { defineConfig } from "vitest/config";

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
          testTimeout: 120_000,
          expect: { poll: { timeout: 10_000 } },
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
