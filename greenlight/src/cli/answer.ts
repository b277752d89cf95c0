import { answerApproval, type Answered } from "../app/environments/answer-approval.ts";
import { loadProject } from "../app/load-project.ts";
import { readWho } from "../app/read-checkout.ts";
import type { CommandCall } from "./command-call.ts";
import { readReason } from "./reason.ts";
import { printable } from "./terminal.ts";

/** What `approve` and `reject` share: choose what waits, write the answer down, say what goes on. */
export async function answer(
  call: CommandCall,
  given: { readonly answer: "granted" | "rejected"; readonly args: readonly string[] },
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const place = call.place();
  const release = typeof options["release"] === "string" ? options["release"] : undefined;
  const answered = await answerApproval({
    place,
    blueprint: await loadProject(place),
    clock: call.composition.clock,
    environment: given.args[0],
    release,
    answer: given.answer,
    by: readWho(process.env),
    why: readReason(options["why"], "no reason given"),
  });
  if (call.isJson) console.log(JSON.stringify(answered));
  else show(answered);
  return 0;
}

function show({ environment, approval, isNew }: Answered): void {
  const { releaseId, answer: kind, by, why, runId, expiresAt } = approval;
  const verb = kind === "granted" ? "approved" : "rejected";
  const before = isNew ? "" : " before";
  console.log(printable(`${environment}: ${releaseId} was ${verb} by ${by}${before}: ${why}`));
  if (kind === "granted" && expiresAt !== null) console.log(`  it holds until ${expiresAt}`);
  const [waiter, command] =
    runId === ""
      ? ["whoever deploys", `deploy ${environment} --release ${releaseId}`]
      : [`run ${runId}`, `resume ${runId}`];
  console.log(printable(`  ${waiter} notices while waiting; otherwise go on with: greenlight ${command}`));
}
