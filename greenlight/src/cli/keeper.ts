import { keptEnvironments, type KeptEnvironment } from "../app/environments/keeper-units.ts";
import { formatProblem, problem, ProblemError, type Problem } from "../base/problem.ts";
import type { KeeperUnitOrder, KeeperUnitState } from "../deployment/keeper-unit.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

type Act = KeeperUnitOrder["act"];

const ACTS: Readonly<Record<string, Act>> = { install: "install", uninstall: "remove", status: "describe" };

/**
 * `greenlight keeper install|uninstall|status`: a unit of systemd for each environment, which starts its keeper after a
 * reboot, and when keeper and router were lost at once.
 */
export async function keeper(
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const [what = ""] = args;
  const act = Object.hasOwn(ACTS, what) ? ACTS[what] : undefined;
  if (act === undefined || (options["user"] === true && options["system"] === true)) {
    const message =
      act === undefined ? `"${what}" is none of install, uninstall, status` : "--user or --system, not both";
    throw new ProblemError([problem("USAGE", { place: "greenlight keeper", message })]);
  }
  const only = typeof options["environment"] === "string" ? options["environment"] : undefined;
  const units = await call.composition.keeperUnits();
  const scope = options["system"] === true ? "system" : options["user"] === true ? "user" : null;
  const environments = await keptEnvironments({
    place: call.place(),
    clock: call.composition.clock,
    only,
    units,
  });
  if (options["print"] === true && act !== "describe") return print(call, environments, { act, scope });
  return obey(call, environments, { act, scope });
}

/** Touches nothing. */
async function print(
  call: CommandCall,
  environments: readonly KeptEnvironment[],
  { act, scope }: Pick<KeeperUnitOrder, "act" | "scope">,
): Promise<number> {
  const answers = await Promise.all(environments.map((each) => each.obey({ act: "describe", scope })));
  const files = answers.map(({ file }) => file);
  if (act === "remove") for (const { path } of files) console.log(path);
  else if (call.isJson) console.log(JSON.stringify({ units: files }));
  else for (const { path, text } of files) console.log(`# ${printable(path)}\n${text}`);
  return 0;
}

async function obey(
  call: CommandCall,
  environments: readonly KeptEnvironment[],
  order: Pick<KeeperUnitOrder, "act" | "scope">,
): Promise<number> {
  const problems: Problem[] = [];
  const states = [];
  for (const { seen, obey: ask } of environments) {
    const answer = await ask(order);
    problems.push(...answer.problems);
    const { environment, status, keeper: process } = seen;
    states.push({ environment, status, keeper: process, ...answer.state });
  }
  if (call.isJson) {
    console.log(JSON.stringify({ environments: states, problems }));
    return problems.length > 0 ? 3 : 0;
  }
  for (const each of states) {
    const pid = each.keeper === null ? "no keeper" : `keeper ${each.keeper.pid}`;
    console.log(printable(`${each.environment}: ${each.status}, ${pid}; ${describeUnit(each)}`));
  }
  const bound = states.find((each) => each.isInstalled && each.isLingering === false);
  if (bound !== undefined) {
    const user = printable(bound.user);
    console.log(
      `units of ${user} end with the last login and do not start at boot: sudo loginctl enable-linger ${user}`,
    );
  }
  for (const each of problems) console.error(printable(formatProblem(each)));
  return problems.length > 0 ? 3 : 0;
}

function describeUnit(state: KeeperUnitState): string {
  if (!state.isInstalled) return `no ${state.scope} unit`;
  const claims = [
    state.isEnabled ? "enabled" : "not enabled",
    state.isActive ? "active" : "not active",
    ...(state.isCurrent ? [] : ["out of date: repeat `greenlight keeper install`"]),
  ];
  return `${state.unit}: ${claims.join(", ")}`;
}
