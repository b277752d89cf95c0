import { Command, Option } from "commander";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { COMMANDS } from "./commands.ts";
import { parseQuickly } from "./quick-call.ts";

/** What commander makes of the same arguments; null when it refuses them. */
function byCommander(args: readonly string[]): { name: string; args: readonly string[]; options: object } | null {
  let found: ReturnType<typeof byCommander> = null;
  const program = new Command("greenlight").exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const spec of COMMANDS) {
    const command = program
      .command(spec.name)
      .exitOverride()
      .configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (spec.argument !== undefined) command.argument(...spec.argument);
    for (const [flags, description, repeated] of spec.options ?? []) {
      const option = new Option(flags, description);
      if (repeated !== undefined) option.argParser((value: string, before: string[] = []) => [...before, value]);
      command.addOption(option);
    }
    command.option("--json").option("--project <dir>");
    command.action(() => {
      found = { name: spec.name, args: command.args, options: command.opts() };
    });
  }
  try {
    program.parse([...args], { from: "user" });
  } catch {
    return null;
  }
  return found;
}

describe("a call understood without commander", () => {
  test("is understood as commander would, whatever it is made of", () => {
    const flags = [
      ...new Set(COMMANDS.flatMap(({ options = [] }) => options.map(([flag]) => flag.split(" ")[0] ?? ""))),
    ];
    const word = fc.constantFrom(
      "delivery",
      "01abc",
      "3",
      "",
      "--",
      "-h",
      "--help",
      "-x",
      "--json",
      "--project",
      "dir",
      "--limit=5",
      ...flags,
    );
    const call = fc.tuple(
      fc.constantFrom(...COMMANDS.map(({ name }) => name), "help", "nothing"),
      fc.array(word, { maxLength: 5 }),
    );
    let understood = 0;
    fc.assert(
      fc.property(call, ([name, rest]) => {
        const quick = parseQuickly([name, ...rest], COMMANDS);
        if (quick === null) return;
        understood += 1;
        expect({ name: quick.spec.name, args: quick.args, options: quick.options }).toEqual(
          byCommander([name, ...rest]),
        );
      }),
      { numRuns: 2000 },
    );
    expect(understood).toBeGreaterThan(200);
  });

  test.each([
    ["status"],
    ["run", "delivery", "--json"],
    ["logs", "--follow", "--step", "a b"],
    ["run", "--stage", "a", "--stage", "b"],
  ])("the usual ones are: %s %s", (...args) => {
    expect(parseQuickly(args, COMMANDS)).not.toBeNull();
  });
});
