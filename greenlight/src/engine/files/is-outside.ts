import { isAbsolute, relative, sep } from "node:path";

/** True when `path` does not lie below `folder`. */
export function isOutside(folder: string, path: string): boolean {
  if (path.startsWith(folder) && (path.length === folder.length || path[folder.length] === sep)) {
    return path.includes(`${sep}..`) ? isOutsideByWay(folder, path) : false;
  }
  return isOutsideByWay(folder, path);
}

function isOutsideByWay(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
}
