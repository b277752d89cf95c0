import { join } from "node:path";

import { describe } from "vitest";

import { targetContract } from "../../../deployment/testing/target-contract.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { LocalSshd, reach, SSHD_PROGRAM, WITHOUT_SSHD } from "./testing/local-sshd.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

describe.skipIf(SSHD_PROGRAM === null)(`over ssh${WITHOUT_SSHD}`, () => {
  targetContract(
    "server",
    async () => {
      const sshd = await LocalSshd.start();
      await sshd.lendRuntime();
      let count = 0;
      return {
        blobs: join(sshd.folder, "blobs"),
        environment: async () => {
          count += 1;
          const name = `environment-${count}`;
          const port = await freePort();
          return { name, port, connect: () => reach(sshd, { port }, name) };
        },
        close: () => sshd.stop(),
      };
    },
    IS_HEAVY,
  );
});
