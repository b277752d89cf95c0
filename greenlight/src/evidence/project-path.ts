/**
 * `path` as evidence names files: relative to the project, forward slashes, no `./`. A path outside the project
 * comes out as `../…`; `file:` addresses and their escapes are understood. Null when there is nothing left.
 */
export function projectPath(projectFolder: string, path: string): string | null {
  const folder = segments(toSlashes(projectFolder));
  const given = toSlashes(fromFileUrl(path.trim()));
  if (given === "") return null;
  if (!isAbsolute(given)) return segments(given).join("/") || null;
  const target = segments(given);
  let shared = 0;
  while (shared < folder.length && shared < target.length && folder[shared] === target[shared]) shared += 1;
  const up = folder.slice(shared).map(() => "..");
  return [...up, ...target.slice(shared)].join("/") || null;
}

/** `text` with the project's folder taken out of every path, so that no machine's path stands in a report. */
export function withoutFolder(projectFolder: string, text: string): string {
  const folder = toSlashes(projectFolder).replace(/\/+$/, "");
  return folder.length < 2 ? text : text.replaceAll(`file://${folder}/`, "").replaceAll(`${folder}/`, "");
}

function toSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

function fromFileUrl(path: string): string {
  const match = /^file:(?:\/\/(?:localhost)?)?(\/.*)$/i.exec(path);
  const local = match?.[1];
  if (local === undefined) return path;
  return decodeEscapes(local).replace(/^\/([A-Za-z]:\/)/, "$1");
}

/** Percent escapes decoded; text that is no valid escape stays as it is. */
export function decodeEscapes(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:\//.test(path);
}

/** The path's parts, with `.` and `..` resolved where that is possible. */
function segments(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !isAbsolute(path)) parts.push(part);
  }
  return parts;
}
