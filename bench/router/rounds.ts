import { unlessWrong, WrongWork } from "../measure/wrong-work.ts";
import type { Contender } from "./contender.ts";
import { prove } from "./proof.ts";
import { ServedProcess } from "./served-process.ts";
import { serviceCall } from "./service.ts";
import { LARGE_BYTES, LARGE_PATH, SMALL_BODY, WORKLOADS, wrkScript, type Workload } from "./workload.ts";
import { runWrk } from "./wrk.ts";

export interface Figures {
  readonly requestsPerS: number;
  readonly p99Ms: number;
  /** Of the proxy's processes; of the service's own where there is no proxy. */
  readonly cpuMsPerRequest: number;
}

export interface Result {
  readonly name: string;
  readonly version: string;
  readonly measured: ReadonlyMap<Workload, Figures[]>;
  /** Resident memory of its processes after the last round. */
  residentBytes: number;
  /** What it did wrong; null when all was right. */
  wrong: string | null;
}

export const NO_PROXY = "(no proxy)";

interface Running {
  readonly result: Result;
  readonly process: ServedProcess;
}

/**
 * Every contender in front of the same service, one under load at a time and the others idle; who begins changes each
 * round. The round before the first lets the programs compile what they use often, and is not counted.
 */
export async function measureRounds(options: {
  readonly scratch: string;
  readonly contenders: readonly Contender[];
  readonly rounds: number;
}): Promise<Result[]> {
  const { scratch, contenders, rounds } = options;
  const service = await ServedProcess.start(serviceCall, { scratch, name: "service", upstreamPort: 0 });
  const running: Running[] = [{ result: emptyResult(NO_PROXY, ""), process: service }];
  const results = running.map(({ result }) => result);
  try {
    for (const contender of contenders) {
      const result = emptyResult(contender.name, contender.version ?? "");
      results.push(result);
      await unlessWrong(result, result.name, async () => {
        await prove(contender, scratch);
        const place = { scratch, name: contender.name, upstreamPort: service.port };
        const process = await ServedProcess.start((at) => contender.call(at), place);
        running.push({ result, process });
        await checkBodies(process.url);
      });
    }
    for (let round = 0; round <= rounds; round += 1) {
      for (const [turn] of running.entries()) {
        const one = running[(turn + round) % running.length];
        if (one !== undefined && one.result.wrong === null) await measureOnce(one, { scratch, round });
      }
      console.error(round === 0 ? "warmed up" : `round ${round} of ${rounds}`);
    }
    for (const { result, process } of running) result.residentBytes = process.residentBytes();
  } finally {
    await Promise.all(running.map(({ process }) => process.stop()));
  }
  return results;
}

async function measureOnce(
  { result, process }: Running,
  { scratch, round }: { scratch: string; round: number },
): Promise<void> {
  await unlessWrong(result, result.name, async () => {
    for (const workload of WORKLOADS) {
      const durationS = round === 0 ? 1 : workload.durationS;
      const cpuBefore = process.cpuMs();
      const load = await runWrk(process.url + workload.path, { durationS, script: wrkScript(scratch, workload) });
      if (load.fault !== null) throw new WrongWork(`${workload.name}: ${load.fault}`);
      const cpuMsPerRequest = (process.cpuMs() - cpuBefore) / load.requestCount;
      if (round > 0) result.measured.get(workload)?.push({ ...load, cpuMsPerRequest });
    }
  });
}

/** What is measured are these two answers, so they must be the right ones. */
async function checkBodies(url: string): Promise<void> {
  const small = await (await fetch(url)).text();
  if (small !== SMALL_BODY) throw new WrongWork(`the small body is ${JSON.stringify(small.slice(0, 100))}`);
  const large = await (await fetch(url + LARGE_PATH)).text();
  if (large !== "a".repeat(LARGE_BYTES)) throw new WrongWork(`the large body is another one, of ${large.length} bytes`);
}

function emptyResult(name: string, version: string): Result {
  const measured = new Map(WORKLOADS.map((workload): [Workload, Figures[]] => [workload, []]));
  return { name, version, measured, residentBytes: Number.NaN, wrong: null };
}
