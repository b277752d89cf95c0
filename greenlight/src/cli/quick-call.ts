import type { CommandSpec } from "./commands.ts";

/** A call that was understood: its command, the arguments and the options as commander would name them. */
export interface QuickCall {
  readonly spec: CommandSpec;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Understands the usual calls without commander, whose import costs each of them 35 ms. Null for anything that has to be
 * explained to a person: help, an unknown command or option, a value or an argument that is missing or too much.
 */
export function parseQuickly(args: readonly string[], commands: readonly CommandSpec[]): QuickCall | null {
  const spec = commands.find((each) => each.name === args[0]);
  if (spec === undefined) return null;
  const known: Record<string, { type: "boolean" | "string"; multiple?: boolean }> = {
    json: { type: "boolean" },
    project: { type: "string" },
  };
  for (const [flags, , repeated] of spec.options ?? []) {
    const [, name, value] = /^--([\w-]+)( <\w+>)?$/u.exec(flags) ?? [];
    if (name === undefined) return null;
    known[name] = { type: value === undefined ? "boolean" : "string", multiple: repeated !== undefined };
  }
  try {
    const { parseArgs } = process.getBuiltinModule("node:util");
    const { values, positionals } = parseArgs({ args: args.slice(1), options: known, allowPositionals: true });
    const least = spec.argument?.[0].startsWith("<") === true ? 1 : 0;
    const most = spec.argument === undefined ? 0 : 1;
    if (positionals.length < least || positionals.length > most) return null;
    const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [inCamelCase(name), value]));
    return { spec, args: positionals, options };
  } catch {
    return null;
  }
}

function inCamelCase(name: string): string {
  return name.replaceAll(/-(\w)/gu, (_, letter: string) => letter.toUpperCase());
}
