import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a client asks for over and over. */
export interface Workload {
  readonly name: string;
  readonly path: string;
  /** Bytes that are posted; 0: a GET. */
  readonly bodyBytes: number;
  readonly durationS: number;
}

export const SMALL_BYTES = 57;
export const LARGE_BYTES = 93_000;
export const LARGE_PATH = "/large.json";

/** An answer of a model's service. */
export const SMALL_BODY = '{"prediction":7.25,"model":"m-9f31","id":"p-01234567890"}';

export const WORKLOADS: readonly Workload[] = [
  { name: "GET 57 B", path: "/", bodyBytes: 0, durationS: 2 },
  { name: "GET 93 KB", path: LARGE_PATH, bodyBytes: 0, durationS: 1 },
  { name: "POST 57 B", path: "/", bodyBytes: SMALL_BYTES, durationS: 1 },
  { name: "POST 93 KB", path: "/", bodyBytes: LARGE_BYTES, durationS: 1 },
];

/** The script that lets wrk post a body; null for a GET. */
export function wrkScript(folder: string, { bodyBytes }: Workload): string | null {
  if (bodyBytes === 0) return null;
  const path = join(folder, `post-${bodyBytes}.lua`);
  writeFileSync(
    path,
    `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.body = string.rep("a", ${bodyBytes})
`,
  );
  return path;
}
