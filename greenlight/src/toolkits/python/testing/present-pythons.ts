import { findRuntime } from "../../../engine/runtimes/find-runtime.ts";
import type { FoundRuntime } from "../../../pipeline/runtime-definition.ts";

const KNOWN = ["3.14", "3.13", "3.12", "3.11", "3.10", "3.9"];
const SEARCH = { name: "python", isBare: true, projectFolder: "/", toolFolder: ".", from: process.env } as const;

/** Interpreters that are really on this machine, by minor version, at most `most`, the newest first. */
export async function presentPythons(most: number): Promise<ReadonlyMap<string, FoundRuntime>> {
  const found = new Map<string, FoundRuntime>();
  for (const version of KNOWN) {
    if (found.size >= most) break;
    const runtime = await findRuntime({ ...SEARCH, version });
    if (runtime !== null) found.set(version, runtime);
  }
  return found;
}

/** What a test's name says when there are fewer. */
export function noteOf(found: ReadonlyMap<string, FoundRuntime>): string {
  if (found.size === 0) return " (skipped: no Python from 3.9 on)";
  return found.size === 1 ? " (one version: this machine has no other)" : "";
}
