import { connect } from "../../adapters/targets/processes/index.ts";
import { systemClock } from "../../base/system-clock.ts";
import { openEnvironment } from "../open-environment.ts";
import { testReleases } from "./test-release.ts";

/**
 * A controller of its own process that kills itself after the n-th record it writes: `node doomed-controller.ts FOLDER PORT
 * BLOBS LABEL N KIND`. With N 0 it goes on to the end. KIND is `deployment` or `rollback`.
 */
const [folder = "", port = "", blobs = "", label = "", n = "0", kind = "deployment"] = process.argv.slice(2);

const name = "staging";
const options = { port: Number(port), bakeMs: 400, drainMs: 3000 };
const target = connect({ name, folder, options, configuration: {} });
let writeCount = 0;
const environment = openEnvironment({
  name,
  folder,
  clock: systemClock,
  target: {
    ...target,
    writeDeployment: async (deployment) => {
      const problems = await target.writeDeployment(deployment);
      writeCount += 1;
      if (writeCount === Number(n)) process.kill(process.pid, "SIGKILL");
      return problems;
    },
  },
});
const release = await (await testReleases(blobs, name)).make(label);
const outcome = await environment.deploy({
  ...release,
  approval: null,
  kind: kind === "rollback" ? "rollback" : "deployment",
  who: "a doomed controller",
  why: "to see",
  runId: "run",
  signal: new AbortController().signal,
  onTransition: () => {},
  log: () => {},
});
console.log(`${outcome.kind} after ${writeCount} records`);
