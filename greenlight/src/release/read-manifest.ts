import { z } from "zod";

import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ReleaseManifest } from "./manifest.ts";

/** A path that stays below the release's folder wherever it is put. */
const innerPath = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) => !/^([/\\]|[A-Za-z]:)|\\|\0/u.test(path) && !path.split("/").some((part) => part === ".." || part === ""),
    {
      message: "not a path below the release's folder",
    },
  );

const manifestSchema: z.ZodType<ReleaseManifest> = z.strictObject({
  schema: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/u),
  platform: z.string(),
  start: z.strictObject({
    command: innerPath,
    arguments: z.array(z.string()),
    folder: innerPath,
    readyPath: z.string().startsWith("/"),
    healthPath: z.string().startsWith("/"),
    interpreter: z
      .strictObject({ language: z.literal("python"), version: z.string().regex(/^3\.\d{1,2}$/u) })
      .optional(),
  }),
  modelPath: innerPath.nullable(),
  data: z.record(z.string(), z.string()),
  configuration: z.record(z.string(), z.record(z.string(), z.string())),
  files: z
    .array(
      z.strictObject({
        path: innerPath,
        digest: z.string().regex(/^[0-9a-f]{64}$/u),
        sizeBytes: z.number().int().nonnegative(),
        isExecutable: z.boolean(),
      }),
    )
    .min(1)
    .max(200_000),
});

/** Reads a release manifest from its text; `place` names the file in problems. */
export function readManifest(text: string, place: string): Result<ReleaseManifest, readonly Problem[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err([
      problem("RELEASE_INCOMPLETE", { place, message: `not JSON: ${error instanceof Error ? error.message : ""}` }),
    ]);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map((issue) =>
      problem("RELEASE_INCOMPLETE", { place: `${place}: ${issue.path.join(".")}`, message: issue.message }),
    ),
  );
}
