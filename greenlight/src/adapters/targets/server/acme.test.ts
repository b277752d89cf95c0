import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";

import { describe, expect, test } from "vitest";

import { freePort } from "../../../keeper/free-port.ts";
import { hasOpenssl } from "../../../router/testing/certificate.ts";
import { LocalPebble, PEBBLE_PROGRAM } from "../../certificates/acme/testing/local-pebble.ts";
import { LocalSshd, reach, SSHD_PROGRAM } from "./testing/local-sshd.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const CAN_RUN = PEBBLE_PROGRAM !== null && SSHD_PROGRAM !== null && hasOpenssl();
const MISSING = CAN_RUN ? "" : " (skipped: no pebble, sshd or openssl)";

describe.runIf(IS_HEAVY && CAN_RUN)(`a certificate on a server${MISSING}`, () => {
  test("is got there, by what was sent along, before anything is deployed", async () => {
    const sshd = await LocalSshd.start();
    const pebble = await LocalPebble.start({ validitySeconds: 3600 });
    const port = await freePort();
    const { directory, directoryCa } = pebble;
    const acme = { domains: ["films.test"], email: "ops@films.test", directory, directoryCa };
    const tls = { acme, redirectPort: pebble.httpPort };
    await sshd.lendRuntime();
    const target = reach(sshd, { port, host: "127.0.0.1", tls }, "production");
    const answer = await target.takeLease({ deploymentId: "d", who: "test", runId: "" });
    if (!answer.isTaken) throw new Error(answer.heldBy);
    const { epoch } = answer.lease;
    try {
      expect(target.url).toBe(`https://films.test:${port}`);
      expect(await target.start(epoch)).toEqual([]);
      expect((await target.observe()).certificate).toMatchObject({ fault: null });
      const ca = await pebble.root();
      const name = await new Promise<unknown>((resolve, reject) => {
        const socket = connectSecurely({ host: "127.0.0.1", port, servername: "films.test", ca }, () => {
          resolve(socket.getPeerCertificate().subjectaltname);
          socket.destroy();
        });
        socket.on("error", reject);
      });
      expect(name).toBe("DNS:films.test");
      const agents = join(sshd.options.folder, "agents");
      const agent = readdirSync(agents).find((each) => each !== "current") ?? "";
      expect(existsSync(join(agents, agent, "node_modules", "acme-client"))).toBe(true);
    } finally {
      await target.stop(epoch);
      await answer.lease.release();
      await pebble.stop();
      await sshd.stop();
    }
  }, 180_000);
});
