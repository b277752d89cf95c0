import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, expect, test } from "vitest";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const MEGABYTES = 200;
const PROGRAM = join(import.meta.dirname, "testing/read-large-report.ts");

const folder = mkdtempSync(join(tmpdir(), "greenlight-large-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!IS_HEAVY)(
  `a SARIF report of ${MEGABYTES} MB is read, judged and written down in less than 300 MB`,
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, folder, String(MEGABYTES * 1024 * 1024)], {
      timeout: 600_000,
    });
    const told = JSON.parse(stdout) as Record<string, number> & { readonly levels: Record<string, number> };
    console.log(stdout.trim());
    expect(told).toMatchObject({ problems: [], findingCount: told["resultCount"], sarifResults: told["resultCount"] });
    expect(told.levels).toEqual({
      error: 0,
      warning: Math.ceil((told["resultCount"] ?? 0) / 2),
      note: Math.floor((told["resultCount"] ?? 0) / 2),
    });
    expect(told["reportBytes"]).toBeGreaterThan(MEGABYTES * 1024 * 1024);
    expect(told["peakMegabytes"]).toBeLessThan(300);
  },
  600_000,
);
