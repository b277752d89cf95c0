import { readFileSync } from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { processes, server } from "../index.ts";
import { connect } from "./index.ts";
import { parseAddress, SERVER_DEFAULTS } from "./options.ts";
import { placeOf } from "./place.ts";
import { INSTALL, RECEIVE, START } from "./scripts.ts";
import { sshArguments } from "./ssh.ts";

const at = { name: "production", folder: "/nowhere", configuration: {} };

describe("server", () => {
  test("describes a target that is not local in plain data, defaults filled in", () => {
    const descriptor = server("deploy@films.example.com");
    expect(descriptor).toMatchObject({
      kind: "server",
      module: "greenlight/targets/server",
      isLocal: false,
      options: { ...SERVER_DEFAULTS, address: "deploy@films.example.com", port: 8000, host: "0.0.0.0", bakeMs: 2000 },
    });
    expect(structuredClone(descriptor)).toEqual(descriptor);
  });

  test.each([
    ["address", "-oProxyCommand=touch /tmp/x", {}],
    ["address", "root@-oProxyCommand=x", {}],
    ["address", "a b@host", {}],
    ["address", "host;reboot", {}],
    ["sshPort", "host", { sshPort: 0 }],
    ["identityFile", "host", { identityFile: 'a"b' }],
    ["knownHosts", "host", { knownHosts: "a\nb" }],
    ["hostKeys", "host", { hostKeys: "no" as "known" }],
    ["folder", "host", { folder: "relative" }],
    ["folder", "host", { folder: "/a/../b" }],
    ["folder", "host", { folder: "/a\nb" }],
    ["url", "host", { url: "ftp://films" }],
    ["compression", "host", { compression: 1 as unknown as boolean }],
    ["reconnectMs", "host", { reconnectMs: -1 }],
    ["port", "host", { port: 0 }],
    ["prot", "host", { prot: 1 } as object],
  ])("refuses a senseless %s by name", (name, address, options) => {
    expect(() => server(address, options)).toThrow(name);
  });

  test.each([
    ["films", {}, "http://films:8000"],
    ["kim@2001:db8::1", { port: 80 }, "http://[2001:db8::1]:80"],
    ["films", { url: "https://films.example.com/" }, "https://films.example.com"],
    [
      "films",
      { tls: { cert: "/c", key: "/k", name: "films.example.com" }, port: 443 },
      "https://films.example.com:443",
    ],
  ])("users reach %s %j at %s", (address, options, url) => {
    expect(connect({ ...at, options: server(address, options).options }).url).toBe(url);
  });

  test("connecting with options that make no sense is a problem of the definition", () => {
    expect(() => connect({ ...at, options: { ...server("a").options, sshPort: "22" } })).toThrow("CONFIG_INVALID");
  });

  test("no text of a definition becomes an option of ssh or a word of the server's shell", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (address, folder) => {
        if (parseAddress(address) === null) return;
        const { options } = server(address, { folder: `/${folder.replaceAll(/[^ -~]|\.\./gu, "x")}x` });
        const given = sshArguments(placeOf({ ...at, options }), START);
        expect(given.slice(-3)).toEqual(["--", parseAddress(address)?.host, START]);
        expect(given.at(-2)).not.toMatch(/^-/u);
      }),
    );
    expect(sshArguments(placeOf({ ...at, options: server("kim@films").options }), START)).toEqual(
      expect.arrayContaining(["BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no", "-l", "kim"]),
    );
  });

  test("what a server's shell is told goes through any shell as it is", () => {
    for (const script of [START, RECEIVE, INSTALL]) {
      expect(script).toMatch(/^exec \/bin\/sh -c '[^'\\!\n]+'$/u);
      expect(script.length).toBeLessThan(4000);
    }
  });
});

test("docs/server.md lists every option with its default, and names those of processes", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../../../docs/server.md"), "utf8");
  const listed = [...page.matchAll(/^\| `(\w+)` *\| `([^`]+)` *\|/gmu)].map((row) => [row[1], row[2]]);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(Object.entries(SERVER_DEFAULTS).map(([name, value]) => [name, JSON.stringify(value)])),
  );
  for (const name of Object.keys(processes({ port: 1 }).options)) expect(page).toContain(`\`${name}\``);
});
