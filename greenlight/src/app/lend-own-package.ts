import { registerHooks } from "node:module";

let isLent = false;

/**
 * Lets a definition import `greenlight` in a project that has not installed it, a Python one, say: it gets this very copy. A copy
 * of the project's own comes first. Registered only when it is wanted, because every import then passes by.
 */
export function lendOwnPackage(): void {
  if (isLent) return;
  isLent = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== "greenlight" && !specifier.startsWith("greenlight/")) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
