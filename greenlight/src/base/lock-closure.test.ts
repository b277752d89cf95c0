import { expect, test } from "vitest";

import { lockClosure, type PackageLock } from "./lock-closure.ts";

const lock: PackageLock = {
  packages: {
    "": { dependencies: { shared: "1" } },
    service: { dependencies: { web: "1" }, devDependencies: { lint: "1" }, optionalDependencies: { native: "1" } },
    "node_modules/service": { resolved: "service", link: true },
    "node_modules/web": { version: "1.0.0", dependencies: { parse: "2", service: "1" } },
    "node_modules/parse": { version: "1.0.0" },
    "node_modules/web/node_modules/parse": { version: "2.0.0", dependencies: { "@scope/deep": "1" } },
    "node_modules/@scope/deep": { version: "1.0.0", dependencies: { web: "1" } },
    "node_modules/lint": { version: "1.0.0", dependencies: { parse: "1" } },
    "node_modules/shared": { version: "1.0.0" },
    "service/node_modules/native": { version: "1.0.0" },
  },
};

test("the production closure holds what the service reaches, nested versions first, and no development package", () => {
  expect(lockClosure(lock, "service", { includesDevelopment: false })).toEqual([
    "node_modules/@scope/deep",
    "node_modules/web",
    "node_modules/web/node_modules/parse",
    "service",
    "service/node_modules/native",
  ]);
});

test("development packages come with what they need", () => {
  const places = lockClosure(lock, "service", { includesDevelopment: true });
  expect(places).toContain("node_modules/lint");
  expect(places).toContain("node_modules/parse");
  expect(places).not.toContain("node_modules/shared");
});

test("named packages alone, with what they need", () => {
  expect(lockClosure(lock, "service", { only: ["lint", "absent"] })).toEqual([
    "node_modules/lint",
    "node_modules/parse",
  ]);
});
