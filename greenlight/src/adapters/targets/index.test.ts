import { describe, expect, test } from "vitest";

import { processes } from "./index.ts";
import { connect } from "./processes/index.ts";
import { memoryLimitBytes } from "./processes/options.ts";

describe("processes", () => {
  test("describes a local target in plain data, defaults filled in", () => {
    const descriptor = processes({ port: 8000 });
    expect(descriptor).toMatchObject({
      kind: "processes",
      module: "greenlight/targets/processes",
      isLocal: true,
      options: { port: 8000, host: "127.0.0.1", bakeMs: 2000, drainMs: 30_000 },
    });
    expect(structuredClone(descriptor)).toEqual(descriptor);
  });

  test.each([
    ["port", { port: 0 }],
    ["port", { port: 65_536 }],
    ["port", { port: 80.5 }],
    ["bakeMs", { port: 8000, bakeMs: 0 }],
    ["drainMs", { port: 8000, drainMs: -1 }],
    ["host", { port: 8000, host: "a b" }],
    ["prot", { port: 8000, prot: 1 }],
    ["memoryLimit", { port: 8000, memoryLimit: "much" }],
    ["memoryLimit", { port: 8000, memoryLimit: "512" }],
    ["memoryLimit", { port: 8000, memoryLimit: "0.5mb" }],
    ["tls.cert", { port: 443, tls: { cert: "films.pem", key: "/films.key" } }],
    ["tls.redirectPort", { port: 443, tls: { cert: "/films.pem", key: "/films.key", redirectPort: 443 } }],
    ["metricsPort", { port: 8000, metricsPort: 8000 }],
    ["metricsHost", { port: 8000, metricsPort: 9100, metricsHost: "a b" }],
    ["tls.acme.domains", { port: 443, tls: { acme: { domains: ["*.films.test"], email: "ops@films.test" } } }],
    ["tls.acme.domains", { port: 443, tls: { acme: { domains: [], email: "ops@films.test" } } }],
    ["tls.acme.email", { port: 443, tls: { acme: { domains: ["films.test"], email: "ops" } } }],
    [
      "tls.acme.directory",
      { port: 443, tls: { acme: { domains: ["films.test"], email: "ops@films.test", directory: "http://ca" } } },
    ],
    ["tls.redirectPort", { port: 80, tls: { acme: { domains: ["films.test"], email: "ops@films.test" } } }],
    ["tls.name", { port: 443, tls: { cert: "/films.pem", key: "/films.key", name: "https://films" } }],
  ])("refuses a senseless %s by name", (name, options) => {
    expect(() => processes(options)).toThrow(name);
  });

  test("shows the address that users call", () => {
    const tls = { cert: "/films.pem", key: "/films.key" };
    expect(urlOf({ port: 8000 })).toBe("http://127.0.0.1:8000");
    expect(urlOf({ port: 8443, tls })).toBe("https://127.0.0.1:8443");
    expect(urlOf({ port: 443, host: "0.0.0.0", tls: { ...tls, name: "films.example" } })).toBe(
      "https://films.example:443",
    );
  });

  test("shows the first domain of a certificate from an authority", () => {
    const acme = { domains: ["films.test", "www.films.test"], email: "ops@films.test" };
    expect(urlOf({ port: 443, tls: { acme } })).toBe("https://films.test:443");
  });

  test.each([
    ["512mb", 512],
    ["1.5 GiB", 1536],
    [null, null],
  ])("understands a memory limit of %s", (text, mebibytes) => {
    expect(processes({ port: 8000, memoryLimit: text }).options["memoryLimit"]).toBe(text);
    expect(memoryLimitBytes(text)).toBe(mebibytes === null ? null : mebibytes * 1024 ** 2);
  });

  test("is reached over loopback when it listens everywhere", () => {
    const { options } = processes({ port: 8000, host: "0.0.0.0" });
    const target = connect({ name: "x", folder: "/nowhere", options, configuration: {} });
    expect(target.url).toBe("http://127.0.0.1:8000");
  });

  test("connecting with options that make no sense is a problem of the definition", () => {
    const connection = { name: "x", folder: "/nowhere", options: { port: "80" }, configuration: {} };
    expect(() => connect(connection)).toThrow("CONFIG_INVALID");
  });
});

function urlOf(options: Parameters<typeof processes>[0]): string {
  const { options: whole } = processes(options);
  return connect({ name: "production", folder: "/nowhere", configuration: {}, options: whole }).url;
}
