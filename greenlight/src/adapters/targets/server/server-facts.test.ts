import { expect, test } from "vitest";

import { server } from "../index.ts";
import { placeOf } from "./place.ts";
import { checkRelease, checkServer, parseFacts } from "./server-facts.ts";

const TEXT = `welcome
greenlight-missing
system Linux x86_64
known yes
writable yes
nearest /home/kim
space /dev/my disk 41152736 9137632 30104596 24% /home
sums yes
python python3 3.11
python python3.11 3.11
python python3.8 
sums yes
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0
   2: 0100007F:0A0A 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000000000000000 100 0 0 10 0
`;

const place = placeOf({ name: "production", folder: "/", options: server("kim@films").options, configuration: {} });
const release = (platform: string, sizeBytes: number, more: object = {}): Parameters<typeof checkRelease>[2] =>
  ({ manifest: { platform, files: [{ sizeBytes }], start: {}, configuration: {}, ...more } }) as unknown as Parameters<
    typeof checkRelease
  >[2];

test("a server is known by what it tells", () => {
  expect(parseFacts(TEXT)).toEqual({
    platform: "linux-x64",
    isKnown: true,
    freeBytes: 30_104_596 * 1024,
    nearest: "/home/kim",
    isWritable: true,
    canSum: true,
    listeningPorts: new Set([8000, 22]),
    pythons: new Map([
      ["python3", "3.11"],
      ["python3.11", "3.11"],
      ["python3.8", ""],
    ]),
  });
  expect(parseFacts("")).toMatchObject({ isKnown: false, freeBytes: null, isWritable: false, canSum: false });
});

test("each hindrance is told, with what to do", () => {
  expect(checkServer(place, parseFacts(TEXT))).toEqual([]);
  const told = (text: string): string[] =>
    checkServer(place, parseFacts(text)).map(({ code, message, remedy }) => `${code}: ${message}; ${remedy}`);
  expect(told(TEXT.replace("Linux", "FreeBSD"))).toEqual([expect.stringContaining("it is freebsd-x64")]);
  expect(told(TEXT.replace("x86_64", "riscv64"))).toEqual([expect.stringContaining("use a server with Linux")]);
  expect(told(TEXT.replaceAll("sums yes", ""))).toEqual([expect.stringContaining("coreutils")]);
  expect(told(TEXT.replace("writable yes", ""))).toEqual([expect.stringContaining("may not write to /home/kim")]);
  expect(told(TEXT.replace("30104596", "1000"))).toEqual([expect.stringContaining("2 MB are free")]);
});

test("a release is compared with the server's platform, port and space", () => {
  const facts = parseFacts(TEXT.replace("1F40", "1F41"));
  expect(checkRelease(place, facts, release("linux-x64", 1000))).toEqual([]);
  const codes = (text: string, platform: string, sizeBytes: number): string[] =>
    checkRelease(place, parseFacts(text), release(platform, sizeBytes)).map(({ code }) => code);
  expect(codes(TEXT, "linux-arm64", 1000)).toEqual(["RELEASE_INCOMPLETE", "PORT_TAKEN"]);
  expect(codes(TEXT.replace("1F40", "1F41"), "linux-x64", 20e9)).toEqual(["STORE_UNWRITABLE"]);
});

test("a release in Python is compared with the server's Pythons, unless its configuration names one", () => {
  const facts = parseFacts(TEXT.replace("1F40", "1F41"));
  const problems = (version: string, configuration: object = {}): readonly string[] =>
    checkRelease(place, facts, release("linux-x64", 1, { start: { interpreter: { version } }, configuration })).map(
      (each) => `${each.code}: ${each.place}: ${each.message}`,
    );
  expect(problems("3.11")).toEqual([]);
  expect(problems("3.8")).toEqual([
    "PYTHON_MISSING: environment production, on kim@films: the release needs Python 3.8, but " +
      "python3.8 is not there or does not run, python3 is 3.11, python is not there or does not run",
  ]);
  expect(problems("3.8", { production: { GREENLIGHT_PYTHON: "/opt/python3.8" } })).toEqual([]);
});
