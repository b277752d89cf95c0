import { createHash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { SplitFilms } from "../films/split.ts";
import type { Model } from "./model-file.ts";

/** Content of `lineage.json`: what a model was made from. Holds no time: training again must give the same bytes. */
export interface Lineage {
  readonly schema: 1;
  readonly model: { readonly version: string; readonly algorithm: string };
  readonly code: {
    /** SHA-256 over the names and contents of all files. */
    readonly digest: string;
    readonly files: readonly { readonly path: string; readonly digest: string }[];
  };
  readonly data: {
    readonly digest: string;
    readonly filmCount: number;
    readonly trainCount: number;
    readonly testCount: number;
  };
  readonly parameters: Model["parameters"];
  readonly seed: number;
  readonly featureSet: string;
  readonly split: string;
}

/** The trainer's own source: what training runs, tests aside. */
const SOURCES = ["films/**/*", "features/**/*", "model/**/*", "train.*"];

/** Describes where a model comes from. `sourceFolder` holds the trainer's source, TypeScript or compiled. */
export async function traceLineage(model: Model, films: SplitFilms, sourceFolder: string): Promise<Lineage> {
  const files = await digestSources(sourceFolder);
  return {
    schema: 1,
    model: { version: model.version, algorithm: model.algorithm },
    code: { digest: sha256(files.map(({ digest, path }) => `${path} ${digest}\n`).join("")), files },
    data: {
      digest: model.dataDigest,
      filmCount: films.train.length + films.test.length,
      trainCount: films.train.length,
      testCount: films.test.length,
    },
    parameters: model.parameters,
    seed: model.seed,
    featureSet: model.featureSet,
    split: model.split,
  };
}

async function digestSources(folder: string): Promise<Lineage["code"]["files"]> {
  const paths: string[] = [];
  for await (const path of glob(SOURCES, { cwd: folder })) {
    const name = path.replaceAll("\\", "/");
    if (/\.[jt]s$/.test(name) && !/\.d\.ts$|\.test\.[jt]s$|(^|\/)testing\//.test(name)) paths.push(name);
  }
  return Promise.all(
    paths.toSorted().map(async (path) => ({ path, digest: sha256(await readFile(join(folder, path))) })),
  );
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
