import type { DeployCall } from "../app/environments/deploy-release.ts";
import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import { PROBLEMS } from "../base/problem-codes.ts";
import { formatProblem } from "../base/problem.ts";
import type { DeployOutcome, Environment, Rehearsal, Transition } from "../deployment/environment.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import { listenForCancel } from "./cancellation.ts";
import type { CommandCall } from "./command-call.ts";
import { readReason } from "./reason.ts";
import { formatDuration, printable, Terminal } from "./terminal.ts";

interface OpenCall extends AsyncDisposable {
  readonly request: DeployCall;
}

/** What `deploy` and `rollback` share: who asks and why, Ctrl-C, and each state as it is entered. */
export async function deployCall(
  call: CommandCall,
  given: {
    readonly environment: string | undefined;
    readonly options: Readonly<Record<string, unknown>>;
    readonly approver: DeployCall["approver"];
    /** Called when no environment was named. */
    choose?(blueprint: Blueprint): string;
  },
): Promise<OpenCall> {
  const place = call.place();
  const blueprint = await loadProject(place);
  const environment = given.environment ?? given.choose?.(blueprint) ?? "";
  const why = readReason(given.options["why"], "no reason given");
  const isDry = given.options["dryRun"] === true;
  const cancellation = listenForCancel();
  const startedAt = performance.now();
  const terminal = new Terminal(process.stdout, process.env);
  const print = (line: string): void => {
    if (!call.isJson) console.log(line);
  };
  return {
    request: {
      place,
      blueprint,
      environment,
      approver: given.approver,
      who: readWho(process.env),
      why,
      signal: cancellation.signal,
      onChosen: ({ releaseId }) =>
        print(terminal.paint("bold", `${environment}: ${releaseId}${isDry ? " (dry run)" : ""}`)),
      onTransition: (transition) => print(transitionLine(transition, performance.now() - startedAt)),
      onWarning: (found) => console.error(printable(`warning: ${formatProblem(found)}`)),
      log: (line) => print(terminal.paint("dim", `    ${printable(line)}`)),
    },
    [Symbol.asyncDispose]: async () => cancellation.dispose(),
  };
}

/** Tells how it ended; resolves to the exit status. */
export async function endOf(call: CommandCall, environment: Environment, outcome: DeployOutcome): Promise<number> {
  const status = statusOf(outcome);
  const { kind, why, deployment, problems } = outcome;
  if (call.isJson) {
    console.log(JSON.stringify({ environment: environment.name, outcome: kind, why, deployment, problems }));
    return status;
  }
  for (const each of problems) console.error(printable(formatProblem(each)));
  const { url, live } = await environment.observe();
  const word = kind === "deployed" && deployment.kind === "rollback" ? "rolled back" : WORDS[kind];
  console.log(printable(`${environment.name}: ${word}: ${why}`));
  console.log(printable(`  live: ${live?.releaseId ?? "nothing"} at ${url}`));
  if (kind === "waiting") {
    const { releaseId } = deployment;
    console.log(
      printable(
        `  greenlight approve ${environment.name}, then greenlight deploy ${environment.name} --release ${releaseId}`,
      ),
    );
  }
  return status;
}

/** Tells what would be done; resolves to the exit status. */
export function showRehearsal(call: CommandCall, environment: string, rehearsal: Rehearsal): number {
  const { actions, outcome } = rehearsal;
  const isGood = outcome.kind === "deployed" || outcome.kind === "already";
  if (call.isJson) {
    console.log(JSON.stringify({ environment, isDryRun: true, ...rehearsal }));
    return isGood ? 0 : 1;
  }
  const terminal = new Terminal(process.stdout, process.env);
  for (const { kind, what, why, count } of actions) {
    const times = count > 1 ? ` (${count} times)` : "";
    const told = printable(why === "" ? "" : `  ${why}`);
    if (kind === "enter") console.log(`  ${terminal.paint("bold", what.padEnd(18))}${told}`);
    else console.log(`    ${kind === "look" ? `look at ${what}${times}` : what}${terminal.paint("dim", told)}`);
  }
  for (const each of outcome.problems) console.error(printable(formatProblem(each)));
  const end = isGood ? "if all goes well" : "as things are";
  console.log(printable(`${environment}: dry run, nothing was touched. ${end}: ${WORDS[outcome.kind]}`));
  return isGood ? 0 : 1;
}

function transitionLine({ state, why }: Transition, elapsedMs: number): string {
  return printable(`  ${formatDuration(elapsedMs).padStart(9)}  ${state.padEnd(18)} ${why}`);
}

const WORDS: Readonly<Record<DeployOutcome["kind"], string>> = {
  deployed: "deployed",
  already: "already so",
  waiting: "waits for an approval",
  rejected: "rejected",
  aborted: "aborted, the traffic is where it was",
  "rolled-back": "failed after the switch, the traffic is where it was",
  "needs-human": "needs a person",
  cancelled: "cancelled",
};

function statusOf({ kind, problems }: DeployOutcome): number {
  if (kind === "deployed" || kind === "already") return 0;
  if (kind === "waiting") return 4;
  if (kind === "cancelled") return 130;
  return problems.some(({ code }) => "isOurs" in PROBLEMS[code]) ? 3 : 1;
}
