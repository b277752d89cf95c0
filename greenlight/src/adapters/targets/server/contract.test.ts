import { join } from "node:path";

import { describe } from "vitest";

import { targetContract } from "../../../deployment/testing/target-contract.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { server } from "../index.ts";
import { connect } from "./index.ts";
import { LocalSshd, SSHD_PROGRAM, WITHOUT_SSHD } from "./testing/local-sshd.ts";

describe.skipIf(SSHD_PROGRAM === null)(`over ssh${WITHOUT_SSHD}`, () => {
  targetContract("server", async () => {
    const sshd = await LocalSshd.start();
    let count = 0;
    return {
      blobs: join(sshd.folder, "blobs"),
      environment: async () => {
        count += 1;
        const name = `environment-${count}`;
        const port = await freePort();
        const own = { port, host: "127.0.0.1", bakeMs: 300, stopGraceMs: 2000 };
        const { options } = server(sshd.address, { ...sshd.options, ...own });
        return { name, port, connect: () => connect({ name, folder: "/nowhere", options, configuration: {} }) };
      },
      close: () => sshd.stop(),
    };
  });
});
