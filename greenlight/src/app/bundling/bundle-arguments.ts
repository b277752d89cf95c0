import { z } from "zod";

/** What every release is made of, whatever its service is written in. */
const COMMON = {
  /** Globs relative to the project. */
  files: z.array(z.string()),
  readyPath: z.string(),
  healthPath: z.string(),
  model: z.object({ need: z.string(), output: z.string(), file: z.string().nullable() }).nullable(),
  data: z.record(z.string(), z.object({ need: z.string(), output: z.string() })),
  configuration: z.record(z.string(), z.record(z.string(), z.string())),
};

const NODE = z.object({ ...COMMON, runtime: z.literal("node"), entry: z.string() });
const PYTHON = z.object({
  ...COMMON,
  runtime: z.literal("python"),
  module: z.string(),
  packages: z.object({ need: z.string(), output: z.string() }),
});

export const BUNDLE_ARGUMENTS = z.preprocess(
  // A call from before there were others means Node.
  (value) =>
    typeof value === "object" && value !== null && !("runtime" in value) ? { ...value, runtime: "node" } : value,
  z.discriminatedUnion("runtime", [NODE, PYTHON]),
);

export type BundleArguments = z.infer<typeof BUNDLE_ARGUMENTS>;
export type NodeArguments = z.infer<typeof NODE>;
export type PythonArguments = z.infer<typeof PYTHON>;
