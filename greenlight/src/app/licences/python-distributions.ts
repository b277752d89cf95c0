import { execFile } from "node:child_process";

import { z } from "zod";

import type { InstalledPackages } from "./installed-packages.ts";
import type { PackageManifest } from "./package-manifest.ts";
import { parseJson } from "./package-manifest.ts";
import { pythonLicence } from "./python-licence.ts";

const LIMIT_MS = 60_000;
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

const DISTRIBUTION = z.object({
  name: z.string(),
  version: z.string(),
  expression: z.string().nullable(),
  licence: z.string().nullable(),
  classifiers: z.array(z.string()),
  /** As they stand there: `numpy>=1.2; extra == "fast"`. */
  requires: z.array(z.string()),
});
type Distribution = z.infer<typeof DISTRIBUTION>;

/** Prints what every distribution says of itself; with the standard library of Python 3.8 and later alone. */
const QUESTION = `
import json, sys
from importlib.metadata import distributions
found = []
for each in distributions():
    told = each.metadata
    if told["Name"]:
        found.append({
            "name": told["Name"], "version": told["Version"] or "",
            "expression": told["License-Expression"], "licence": told["License"],
            "classifiers": [c for c in told.get_all("Classifier") or [] if c.startswith("License ::")],
            "requires": list(each.requires or []),
        })
json.dump(found, sys.stdout)
`;

/**
 * The distributions of a Python's environment; with `roots` only those that these need, and the roots that are not there. A
 * requirement under a condition (a platform, a version) counts where it is installed, and is not missed; one of an extra counts where
 * the extra is asked for. Rejects when
 * that Python can't tell.
 */
export async function pythonDistributions(
  program: string,
  roots: readonly string[] | null,
): Promise<InstalledPackages> {
  const text = await ask(program);
  const all = z.array(DISTRIBUTION).parse(parseJson(text));
  const byName = new Map(all.map((each) => [plainName(each.name), each]));
  if (roots === null) return { manifests: all.map(manifestOf), missing: [] };
  const reached = new Map<Distribution, Set<string>>();
  const missing = new Set<string>();
  const queue = roots.map(readRequirement);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { name, extras, isConditional } = next;
    const found = byName.get(name);
    if (found === undefined && !isConditional) missing.add(name);
    const seen = found === undefined ? undefined : reached.get(found);
    if (found === undefined || (seen !== undefined && extras.every((extra) => seen.has(extra)))) continue;
    const wanted = new Set([...(seen ?? []), ...extras]);
    reached.set(found, wanted);
    const needed = found.requires.map(readRequirement);
    queue.push(...needed.filter(({ ofExtra }) => ofExtra === null || wanted.has(ofExtra)));
  }
  return { manifests: [...reached.keys()].map(manifestOf), missing: [...missing].toSorted() };
}

/** The requirements of a requirements file, without its options. */
export function requirementsOf(text: string): readonly string[] {
  return text
    .replaceAll(/\\\r?\n/gu, " ")
    .split(/\r?\n/u)
    .map((line) => line.replace(/(^|\s)#.*$/u, "").trim())
    .filter((line) => /^[A-Za-z0-9]/u.test(line) && !/^[\w.+-]+:\/\//u.test(line));
}

function manifestOf({ name, version, ...told }: Distribution): PackageManifest {
  return { name, version, licence: pythonLicence(told) };
}

interface Requirement {
  readonly name: string;
  /** `films[fast]`: what is wanted of it besides. */
  readonly extras: readonly string[];
  /** Under which extra of what requires it. */
  readonly ofExtra: string | null;
  readonly isConditional: boolean;
}

function readRequirement(text: string): Requirement {
  const [, name = "", list = ""] = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?/u.exec(text) ?? [];
  const extras = list.split(",").map((each) => plainName(each.trim()));
  const ofExtra = /\bextra\s*==\s*["']([\w.-]+)["']/u.exec(text.slice(text.indexOf(";") + 1))?.[1];
  return {
    name: plainName(name),
    extras: extras.filter((each) => each !== ""),
    ofExtra: ofExtra === undefined ? null : plainName(ofExtra),
    isConditional: text.includes(";"),
  };
}

/** As PEP 503 compares names. */
function plainName(name: string): string {
  return name.replaceAll(/[-_.]+/gu, "-").toLowerCase();
}

function ask(program: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Isolated, so that neither the working folder nor a variable of the machine brings packages of its own.
    const options = { timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT_BYTES } as const;
    execFile(program, ["-I", "-c", QUESTION], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}
