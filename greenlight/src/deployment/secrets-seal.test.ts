import { beforeEach, expect, test } from "vitest";

import type { DeployOutcome } from "./environment.ts";
import { openEnvironment } from "./open-environment.ts";
import { isSealOf, sealSecrets } from "./secrets-seal.ts";
import { FakeWorld } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

const SECRETS = { A: "hunter2-hunter2", B: "another-secret" };
let world: FakeWorld;

beforeEach(() => {
  world = new FakeWorld();
});

function deploy(secrets?: Readonly<Record<string, string>>): Promise<DeployOutcome> {
  const target = world.target("one");
  const environment = openEnvironment({ name: "fake", folder: "/fake", target, clock: world.clock });
  return environment.deploy({ ...requestFor("a"), ...(secrets === undefined ? {} : { secrets }) });
}

test("a seal fits the same secrets in any order and no others, and holds none of them", () => {
  const seal = sealSecrets(SECRETS);
  expect(isSealOf(seal, { B: SECRETS.B, A: SECRETS.A })).toBe(true);
  const others: Readonly<Record<string, string>>[] = [{}, { A: SECRETS.A }, { ...SECRETS, B: "another-secre" }];
  expect(others.map((each) => isSealOf(seal, each))).toEqual([false, false, false]);
  expect([isSealOf(null, {}), isSealOf(null, SECRETS), isSealOf("damaged", SECRETS)]).toEqual([true, false, false]);
  expect(sealSecrets(SECRETS)).not.toBe(seal);
  expect(seal).not.toContain("hunter2");
});

test("the same release is deployed again when its secrets were changed, and only then", async () => {
  expect((await deploy(SECRETS)).kind).toBe("deployed");
  expect((await deploy(SECRETS)).kind).toBe("already");
  // Who does not know of secrets does not judge by them.
  expect((await deploy()).kind).toBe("already");
  const rotated = await deploy({ ...SECRETS, A: "hunter3-hunter3" });
  expect([rotated.kind, rotated.deployment.transitions[0]?.why]).toEqual([
    "deployed",
    expect.stringContaining("is live with other secrets"),
  ]);
  expect((await deploy({})).kind).toBe("deployed");
  expect(JSON.stringify([...world.records.values()])).not.toContain("hunter");
});
