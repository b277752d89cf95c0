/** What one project adds to the definition: lines of TypeScript, of which each list ends up in its place. */
export interface DefinitionLines {
  /** Before the project: steps that several others need. */
  readonly constants: readonly string[];
  readonly quality: readonly string[];
  readonly test: readonly string[];
}

/** `call({ a: 1 })`, without what is undefined; `call()` when nothing is left. Values are JSON or code that `code` marks. */
export function callText(name: string, options: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return `${name}()`;
  return `${name}({ ${given.map(([key, value]) => `${key}: ${valueText(value)}`).join(", ")} })`;
}

/** A name of the definition's own, among values. */
export class Code {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function valueText(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  return JSON.stringify(value);
}
