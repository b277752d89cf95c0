import { problem, type Problem } from "../base/problem.ts";
import { isPlainObject, MAX_DEPTH, MAX_VALUES } from "./plain-data.ts";

/**
 * The first member of a value that could not be written down: a function, an object of a class, data that holds
 * itself (or is as good as endless), or the name `__proto__`; null when there is none. Runs before the schemas, which would follow circles.
 * Of members for which `isOpaque` holds only the names are looked at.
 */
export function findForeign(
  value: object,
  place: string,
  isOpaque: (key: string, depth: number) => boolean,
): Problem | null {
  let left = MAX_VALUES;
  return visit(value, place, 0);

  function visit(part: object, where: string, depth: number): Problem | null {
    if (!Array.isArray(part) && !isPlainObject(part))
      return problem("CONFIG_INVALID", { place: where, message: "is an object of a class, not plain data" });
    if (depth > MAX_DEPTH)
      return problem("CONFIG_INVALID", { place: where, message: "is nested too deeply, or holds itself" });
    for (const [key, member] of Object.entries(part)) {
      const here = `${where}.${key}`;
      left -= 1;
      if (left < 0) return problem("CONFIG_INVALID", { place, message: "is too large, or holds itself" });
      if (key === "__proto__") return problem("CONFIG_INVALID", { place: here, message: "can't be a name" });
      if (typeof member === "function") {
        return problem("STEP_CLOSURE", { place: here, message: "is a function of the config file" });
      }
      if (typeof member !== "object" || member === null) continue;
      const found = isOpaque(key, depth) ? findName(member, here) : visit(member, here, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }
}

function findName(part: object, place: string): Problem | null {
  if (!Object.hasOwn(part, "__proto__")) return null;
  return problem("CONFIG_INVALID", { place: `${place}.__proto__`, message: "can't be a name" });
}
