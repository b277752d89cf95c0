export interface FolderOptions {
  /** Absolute, or relative to the project. It must exist: one that is not mounted must not be mistaken for an empty one. */
  readonly path: string;
}

/** The options from what was written in a definition. Throws a RangeError that names the option. */
export function readFolderOptions(given: Readonly<Record<string, unknown>>): FolderOptions {
  const { path, ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new RangeError(`folder: there is no option "${unknown}"`);
  if (typeof path !== "string" || path.trim() === "" || path.includes("\0"))
    throw new RangeError("folder: `path` must be a folder's path");
  return { path };
}
