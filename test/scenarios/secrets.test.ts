import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { makeStoreKey } from "../../greenlight/src/app/shared-store/store-keys.ts";
import { Sandbox } from "./testing/sandbox.ts";

const KEY = makeStoreKey();
/** Every character that some encoding writes in another way. */
const TOKEN = `pa$$/w+rd "q" <ü> & 9'x`;
const PLAIN = "plain-token-12345";
const given = { TOKEN, PLAIN, GREENLIGHT_STORE_KEY: KEY.privateKey };

let sandbox: Sandbox;
let collector: Server;
/** What the collector of telemetry was sent. */
let sent: Buffer[];

beforeEach(async () => {
  sandbox = new Sandbox();
  sent = [];
  collector = createServer(async (request, response) => {
    for await (const chunk of request as AsyncIterable<Buffer>) sent.push(chunk);
    response.end("{}");
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
});

afterEach(async () => {
  collector.closeAllConnections();
  collector.close();
  await once(collector, "close");
  await sandbox.dispose();
});

function config(steps: string): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, effectStep, fromEnvironment, functionStep, pipeline, step } from "greenlight";
     import { folder } from "greenlight/stores";
     const own = { secrets: ["TOKEN", "PLAIN"], allowFailure: true };
     export default defineProject({ name: "shop",
       secrets: { TOKEN: fromEnvironment(), PLAIN: fromEnvironment() },
       store: folder("shared", { publicKey: ${JSON.stringify(KEY.publicKey)} }),
       pipelines: { delivery: pipeline({ stages: { one: [${steps}] } }) } });`,
  );
}

/** As a careless tool may write it. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const xml = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    xml,
    bytes.toString("hex"),
    bytes.toString("base64").replaceAll("=", "").slice(0, -1),
    bytes.toString("utf16le"),
  ];
}

const FORMS = [...formsOf(TOKEN), ...formsOf(PLAIN)].map((form) => Buffer.from(form));

function formsIn(bytes: Buffer): string[] {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const data = isPacked ? gunzipSync(bytes) : bytes;
  return FORMS.filter((form) => data.includes(form)).map(String);
}

/** Every file that is left in the project, the shared store within it, whose name or bytes hold a secret. */
function leaksInFiles(): string[] {
  return readdirSync(sandbox.folder, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith("node_modules") && statSync(join(sandbox.folder, name)).isFile())
    .flatMap((name) => {
      const found = [...formsIn(Buffer.from(name)), ...formsIn(readFileSync(join(sandbox.folder, name)))];
      return found.map((form) => `${name}: ${form}`);
    });
}

const LEAKING = `
import { mkdirSync, writeFileSync } from "node:fs";
const { TOKEN: token, PLAIN: plain } = process.env;
const xml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
console.log(token, JSON.stringify(process.env), encodeURIComponent(token), Buffer.from(plain).toString("hex"));
console.error(Buffer.from(token).toString("base64"));
console.log("::error title=" + plain + "::" + token);
mkdirSync("out", { recursive: true });
writeFileSync("out/text", token + "\\n" + plain);
writeFileSync("out/binary", Buffer.concat([Buffer.of(0, 255), Buffer.from(plain), Buffer.of(254)]));
writeFileSync("junit.xml", '<testsuites><testsuite name="' + xml(plain) + '" tests="1" failures="1"><testcase name="' + xml(token) + '" classname="c" file="' + xml(plain) + '.ts"><failure message="' + xml(token) + '">' + xml(token) + "</failure><system-out>" + xml(token) + "</system-out></testcase></testsuite></testsuites>");
writeFileSync("lint.sarif", JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "lint" } }, results: [{ ruleId: plain, level: "error", message: { text: "found " + token }, locations: [{ physicalLocation: { artifactLocation: { uri: plain + ".ts" }, region: { startLine: 1 } } }] }] }] }));
`;

const EFFECTS = `
export async function throws() { throw new Error("outer " + process.env.TOKEN, { cause: new Error(process.env.PLAIN) }); }
export async function tell(args, { secrets, log }) {
  console.log("printed " + secrets.PLAIN);
  log(secrets.PLAIN.slice(0, 9)); log(secrets.PLAIN.slice(9));
  return { outcome: "passed", isAlready: false, why: secrets.TOKEN, problems: [], evidence: [], facts: { [secrets.PLAIN]: secrets.TOKEN }, subject: secrets.PLAIN };
}
export async function breaks(args, { secrets }) {
  setTimeout(() => { throw new Error("late " + secrets.TOKEN, { cause: secrets.PLAIN }); }, 1);
  await new Promise(() => setInterval(() => undefined, 60_000));
}
`;

describe("a secret that a run is given", () => {
  test("is left in no file, stream, span, answer or stored object, whatever the steps do with it", async () => {
    sandbox.write("leak.mjs", LEAKING);
    sandbox.write("effects.mjs", EFFECTS);
    config(`step("leak", { ...own, run: "node leak.mjs", inputs: ["leak.mjs"], outputs: { text: "out/text", binary: "out/binary" },
         evidence: [{ format: "junit", path: "junit.xml", tool: "tests" }, { format: "sarif", path: "lint.sarif", tool: "lint" }] }),
       step("kept", { ...own, run: 'echo "$TOKEN" | tee out-kept', inputs: [], outputs: { kept: "out-kept" } }),
       step("halves", { ...own, run: 'printf "$PLAIN" | head -c 9; sleep 0.1; printf "$PLAIN" | tail -c +10 >&2; exit 3', inputs: [], retry: { attempts: 2, delayMs: 1, on: ["failed"] } }),
       step("peeps", { run: "env; tr '\\\\0' '\\\\n' < /proc/$PPID/environ", inputs: [], env: ["TOKEN", "PLAIN"], allowFailure: true }),
       step("slow", { ...own, run: 'echo "$TOKEN"; exec sleep 60', inputs: [], timeoutMs: 1000 }),
       functionStep("throws", { ...own, module: "./effects.mjs", export: "throws" }),
       effectStep("tells", { secrets: own.secrets, module: "./effects.mjs", export: "tell" })`);
    const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const told = [
      await sandbox.greenlight(["run", "--otel", "--json"], { ...given, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
      await sandbox.greenlight(["run"], { ...given, CI: "true", GITHUB_ACTIONS: "true" }),
      await sandbox.greenlight(["logs"]),
      await sandbox.greenlight(["why"], given),
      await sandbox.greenlight(["status", "--json"]),
    ];
    expect(told.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0]);
    expect(told[0]?.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
    expect(told[1]?.stdout).toContain("***");
    for (const { stdout, stderr } of told) expect(formsIn(Buffer.from(stdout + stderr))).toEqual([]);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.flatMap(formsIn)).toEqual([]);
    expect(leaksInFiles()).toEqual([]);
    const record = readdirSync(join(sandbox.folder, ".greenlight/runs")).toSorted()[0] ?? "";
    const log = (step: string): string => sandbox.read(`.greenlight/runs/${record}/${step}.log`);
    expect(log("halves")).toBe("******");
    expect(log("tells")).toBe("printed ***\n***\n");
    expect(log("peeps")).toContain("TOKEN=***");
  });

  test("is not in what is said when an effect breaks the engine", async () => {
    sandbox.write("effects.mjs", EFFECTS);
    config('effectStep("breaks", { secrets: own.secrets, module: "./effects.mjs", export: "breaks" })');
    const { status, stdout, stderr } = await sandbox.greenlight(["run"], given);
    expect(status).toBe(3);
    expect(stderr).toContain("Error: late ***");
    expect(stderr).toContain("INTERNAL");
    expect(formsIn(Buffer.from(stdout + stderr))).toEqual([]);
    expect(leaksInFiles()).toEqual([]);
  });

  test("may be no part of a name", async () => {
    config(`step("see ${PLAIN}", { ...own, run: "true" })`);
    const { status, stderr } = await sandbox.greenlight(["run"], given);
    expect(status).toBe(2);
    expect(stderr).toContain("SECRET_IN_NAME: see ***: the name of this step holds PLAIN\n");
  });
});
