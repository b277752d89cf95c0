import { expect, test } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import { decideAccess } from "./store-access.ts";
import { makeStoreKey, STORE_KEY_VARIABLE } from "./store-keys.ts";

const pair = makeStoreKey();
const env = { [STORE_KEY_VARIABLE]: pair.privateKey };
const push = { kind: "push" } as const;

test("a run with the private half of the definition's key writes", () => {
  const access = decideAccess({ publicKey: pair.publicKey, env, trigger: push });
  expect(access.privateKey).not.toBeNull();
  expect(access).toMatchObject({ readOnlyBecause: null, warning: null });
});

test("a run without it only reads, and says why without a warning", () => {
  const access = decideAccess({ publicKey: pair.publicKey, env: {}, trigger: { kind: "manual" } });
  expect(access).toMatchObject({
    privateKey: null,
    readOnlyBecause: "GREENLIGHT_STORE_KEY is not set",
    warning: null,
  });
});

test("a run of a pull request never writes, also when it was given the key", () => {
  const told = "runs of pull requests are not trusted to write";
  const hosts: readonly Record<string, string>[] = [
    { GITHUB_EVENT_NAME: "pull_request" },
    { GITHUB_EVENT_NAME: "pull_request_target" },
    { CI_MERGE_REQUEST_IID: "7" },
  ];
  for (const host of hosts) {
    const access = decideAccess({ publicKey: pair.publicKey, env: { ...env, ...host }, trigger: { kind: "manual" } });
    expect(access).toMatchObject({ privateKey: null, readOnlyBecause: told });
  }
  const access = decideAccess({ publicKey: pair.publicKey, env, trigger: { kind: "pull-request" } });
  expect(access).toMatchObject({ privateKey: null, readOnlyBecause: told });
  const pushed = { ...env, GITHUB_EVENT_NAME: "push" };
  expect(decideAccess({ publicKey: pair.publicKey, env: pushed, trigger: push }).privateKey).not.toBeNull();
});

test("a secret that is no key, or another's, is a warning that does not repeat it", () => {
  for (const secret of ["not a key", "AAAA", makeStoreKey().privateKey, pair.publicKey]) {
    const access = decideAccess({ publicKey: pair.publicKey, env: { [STORE_KEY_VARIABLE]: secret }, trigger: push });
    expect(access).toMatchObject({ privateKey: null, warning: { code: "STORE_KEY_INVALID" } });
    expect(JSON.stringify(access.warning)).not.toContain(secret);
  }
});

test("a definition whose own half is no key is an error", () => {
  for (const publicKey of ["", "x", pair.privateKey])
    expect(() => decideAccess({ publicKey, env: {}, trigger: push })).toThrow(ProblemError);
});
