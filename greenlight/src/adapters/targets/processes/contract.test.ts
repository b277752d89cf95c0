import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { targetContract } from "../../../deployment/testing/target-contract.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { processes } from "../index.ts";
import { connect } from "./index.ts";

targetContract("processes", async () => {
  const root = mkdtempSync(join(tmpdir(), "greenlight-processes-"));
  let count = 0;
  return {
    blobs: join(root, "blobs"),
    environment: async () => {
      count += 1;
      const name = `environment-${count}`;
      const port = await freePort();
      const { options } = processes({ port, bakeMs: 300, stopGraceMs: 2000 });
      return { name, port, connect: () => connect({ name, folder: join(root, name), options, configuration: {} }) };
    },
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
});
