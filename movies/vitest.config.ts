import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/integration/**/*.test.ts"],
    testTimeout: 20_000,
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
