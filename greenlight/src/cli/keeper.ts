import { keptEnvironments, type KeptEnvironment, type KeeperUnits, type UnitScope } from "../app/keeper-units.ts";
import { formatProblem, problem, ProblemError, type Problem } from "../base/problem.ts";
import type { CommandCall } from "./command-call.ts";
import { printable } from "./terminal.ts";

interface Chosen {
  readonly environments: readonly KeptEnvironment[];
  readonly units: KeeperUnits;
  readonly scope: UnitScope;
}

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
  const act = { install, uninstall, status }[what];
  if (act === undefined || (options["user"] === true && options["system"] === true)) {
    const message =
      act === undefined ? `"${what}" is none of install, uninstall, status` : "--user or --system, not both";
    throw new ProblemError([problem("USAGE", { place: "greenlight keeper", message })]);
  }
  const only = typeof options["environment"] === "string" ? options["environment"] : undefined;
  const units = await call.composition.keeperUnits();
  const scope = options["system"] === true ? "system" : options["user"] === true ? "user" : units.usualScope();
  const environments = await keptEnvironments({ place: call.place(), clock: call.composition.clock, only });
  return act(call, { environments, units, scope }, options["print"] === true);
}

async function install(call: CommandCall, { environments, units, scope }: Chosen, isPrinted: boolean): Promise<number> {
  if (isPrinted) {
    const files = environments.map(({ of }) => units.describeUnit({ ...of, scope }));
    if (call.isJson) console.log(JSON.stringify({ units: files }));
    else for (const { path, text } of files) console.log(`# ${printable(path)}\n${text}`);
    return 0;
  }
  return change(call, { environments, units, scope }, (of) => units.installUnit({ ...of, scope }));
}

async function uninstall(call: CommandCall, chosen: Chosen, isPrinted: boolean): Promise<number> {
  if (!isPrinted) {
    return change(call, chosen, (of) => Promise.resolve(chosen.units.removeUnit({ ...of, scope: chosen.scope })));
  }
  for (const { of } of chosen.environments) console.log(chosen.units.describeUnit({ ...of, scope: chosen.scope }).path);
  return 0;
}

function status(call: CommandCall, chosen: Chosen): Promise<number> {
  return change(call, chosen, () => Promise.resolve([]));
}

async function change(
  call: CommandCall,
  { environments, units, scope }: Chosen,
  act: (of: KeptEnvironment["of"]) => Promise<readonly Problem[]>,
): Promise<number> {
  const problems: Problem[] = [];
  const states = [];
  for (const { of, seen } of environments) {
    problems.push(...(await act(of)));
    const { status: state, keeper: process } = seen;
    states.push({ environment: of.environment, status: state, keeper: process, ...units.readUnit({ ...of, scope }) });
  }
  if (call.isJson) {
    console.log(JSON.stringify({ environments: states, problems }));
    return problems.length > 0 ? 3 : 0;
  }
  for (const each of states) {
    const pid = each.keeper === null ? "no keeper" : `keeper ${each.keeper.pid}`;
    console.log(printable(`${each.environment}: ${each.status}, ${pid}; ${describeUnit(each)}`));
  }
  if (states.some((each) => each.isInstalled && each.isLingering === false)) {
    console.log("units of yours end with your last login and do not start at boot: loginctl enable-linger");
  }
  for (const each of problems) console.error(printable(formatProblem(each)));
  return problems.length > 0 ? 3 : 0;
}

function describeUnit(state: ReturnType<KeeperUnits["readUnit"]>): string {
  if (!state.isInstalled) return `no ${state.scope} unit`;
  const claims = [
    state.isEnabled ? "enabled" : "not enabled",
    state.isActive ? "active" : "not active",
    ...(state.isCurrent ? [] : ["out of date: repeat `greenlight keeper install`"]),
  ];
  return `${state.unit}: ${claims.join(", ")}`;
}
