import type { Problem } from "../base/problem.ts";
import { describeUnit, installUnit, readUnit, removeUnit, usualScope } from "./service-units.ts";
import type { UnitOf, UnitState } from "./service-units.ts";
import type { UnitFile, UnitScope } from "./unit-file.ts";

interface UnitOrder {
  /** `describe` touches nothing. */
  readonly act: "describe" | "install" | "remove";
  /** Null: that of the system for root, the user's own otherwise. */
  readonly scope: UnitScope | null;
}

interface UnitAnswer {
  readonly problems: readonly Problem[];
  readonly file: UnitFile;
  readonly state: UnitState;
}

/** Does what was ordered about the unit of an environment on this machine, and looks how things are then. Idempotent. */
export async function obeyUnitOrder(of: Omit<UnitOf, "scope">, { act, scope }: UnitOrder): Promise<UnitAnswer> {
  const unit = { ...of, scope: scope ?? usualScope() };
  const problems = { install: installUnit, remove: removeUnit, describe: () => [] }[act](unit);
  return { problems: await problems, file: describeUnit(unit), state: readUnit(unit) };
}
