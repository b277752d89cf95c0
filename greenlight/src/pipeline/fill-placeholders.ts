import type { Json } from "../base/json.ts";
import { matrixVariable, type Combination } from "./combinations.ts";
import type { MatrixValue, StepAction, StepDefinition } from "./definition.ts";

type Values = Combination["values"];

/** What of a step depends on the combination. */
type Fillable = Pick<StepDefinition, "action" | "inputs" | "outputs" | "evidence" | "variables">;

const PLACEHOLDER = /\{matrix\.([A-Za-z_][\w-]*)\}/gu;

/**
 * Those fields of a step for one combination: `{matrix.key}` replaced in paths and arguments, and each value as a variable.
 * The shell line stays as it is, because a value must not become a part of its syntax. A key that this combination lacks
 * is empty, as it is on GitHub.
 */
export function fillPlaceholders(step: Fillable, values: Values): Fillable {
  const variables: Record<string, string> = { ...step.variables };
  for (const [key, value] of Object.entries(values)) variables[matrixVariable(key)] = String(value);
  return {
    action: fillAction(step.action, values),
    inputs: step.inputs?.map((glob) => fillText(glob, values)) ?? null,
    outputs: Object.fromEntries(Object.entries(step.outputs).map(([name, path]) => [name, fillText(path, values)])),
    evidence: step.evidence.map((source) => ({
      ...source,
      path: fillText(source.path, values),
      ...(source.logs === undefined ? {} : { logs: source.logs.map((log) => fillText(log, values)) }),
    })),
    variables,
  };
}

/** The keys that a step's paths and arguments name. */
export function placeholdersOf(step: Fillable): readonly string[] {
  const keys: string[] = [];
  const collect = (text: string): void => {
    if (!text.includes("{matrix.")) return;
    for (const [, key] of text.matchAll(PLACEHOLDER)) if (key !== undefined && !keys.includes(key)) keys.push(key);
  };
  step.inputs?.forEach(collect);
  for (const name in step.outputs) collect(step.outputs[name] ?? "");
  for (const source of step.evidence) [source.path, ...(source.logs ?? [])].forEach(collect);
  if (step.action.kind !== "command") visitTexts(step.action.args, collect);
  return keys;
}

function fillAction(action: StepAction, values: Values): StepAction {
  if (action.kind === "command") return action;
  return { ...action, args: mapTexts(action.args, (text) => fillText(text, values)) };
}

function fillText(text: string, values: Values): string {
  return text.replaceAll(PLACEHOLDER, (_whole, key: string) => {
    const value: MatrixValue | undefined = Object.hasOwn(values, key) ? values[key] : undefined;
    return value === undefined ? "" : String(value);
  });
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((member) => mapTexts(member, change));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapTexts(member, change)]));
}

function visitTexts(value: Json, visit: (text: string) => void): void {
  if (typeof value === "string") visit(value);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) visitTexts(member, visit);
}

/** `Array.isArray` does not narrow a read-only list. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
