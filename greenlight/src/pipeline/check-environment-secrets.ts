import { problem, type Problem } from "../base/problem.ts";
import type { EnvironmentDefinition } from "./definition.ts";

/** What a slot is given by Greenlight itself. */
export const SLOT_VARIABLES: ReadonlySet<string> = new Set([
  "HOST",
  "PORT",
  "RELEASE_ID",
  "MODEL_PATH",
  "PREDICTION_LOG",
  "NODE_COMPILE_CACHE",
]);

/** Each variable of a service comes from one place. */
export function checkEnvironmentSecrets(environments: Readonly<Record<string, EnvironmentDefinition>>): Problem[] {
  return Object.entries(environments).flatMap(([environment, { secrets = {}, configuration = {} }]) =>
    Object.keys(secrets).flatMap((name) => {
      const place = `environments.${environment}.secrets.${name}`;
      if (Object.hasOwn(configuration, name)) {
        const remedy = "let each variable come from one of them";
        return [problem("CONFIG_INVALID", { place, message: "stands in `configuration` too", remedy })];
      }
      if (!SLOT_VARIABLES.has(name)) return [];
      const message = "Greenlight sets this variable itself";
      return [problem("CONFIG_INVALID", { place, message, remedy: "give the secret another name" })];
    }),
  );
}
