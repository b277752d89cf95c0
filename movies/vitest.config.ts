import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/integration/**/*.test.ts"],
    // One module graph for all files: most of the time went into loading the same modules again and again.
    pool: "threads",
    isolate: false,
    // A condition that holds in milliseconds here may take seconds on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/testing/**", "src/**/*.test.ts"],
      reporter: ["json-summary", "html", "lcov", "text-summary"],
      reportsDirectory: "coverage",
    },
  },
});
