import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The objects whose key has this part, as files. */
export function storedObjects(shared: string, part: string): string[] {
  return readdirSync(shared, { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes(part) && !path.startsWith("."))
    .map((path) => join(shared, path))
    .filter((path) => /[0-9a-f]{60}(\.json)?$/u.test(path));
}

/** Replaces a file, not its content: others may have it as a link. */
export function overwrite(path: string, change: (bytes: Buffer) => Buffer | string): void {
  const bytes = readFileSync(path);
  rmSync(path);
  writeFileSync(path, change(bytes));
}
