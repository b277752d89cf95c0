import { execFileSync, spawnSync } from "node:child_process";
import { inspect } from "node:util";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Masker } from "./masker.ts";
import { isMaskable } from "./secret-texts.ts";
import { inBase64, TEXT_ENCODERS } from "./testing/encoders.ts";

const KEY_LINE = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEA";
const KEY = `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\n  q7+/x9"$1 한국어 key\n}\n-----END PRIVATE KEY-----\n`;
const TOKEN = 'p4ss"w\\rd/ü$';

function inChunksOf(size: number, masker: Masker, text: string): string {
  const data = Buffer.from(text);
  const stream = masker.stream();
  const passed: Buffer[] = [];
  for (let from = 0; from < data.length; from += size) passed.push(stream.push(data.subarray(from, from + size)));
  return String(Buffer.concat([...passed, stream.flush()]));
}

function inLinesOf60(text: string): string {
  return text.replaceAll(/.{60}/gu, "$&\n");
}

function maskerOf(...values: string[]): Masker {
  return new Masker(values.map((value, index) => ({ name: `SECRET_${index}`, value })));
}

describe("secrets of several lines", () => {
  test("each line of at least eight characters is masked by itself, in every encoding and without its indentation", () => {
    const masker = maskerOf(KEY);
    for (const line of [KEY_LINE, 'q7+/x9"$1 한국어 key']) {
      for (const [how, encode] of Object.entries(TEXT_ENCODERS)) {
        // The rarest forms are looked for in the whole only.
        if (/percent-encoded|in lines|inspects|colons|buffer/u.test(how)) continue;
        expect({ how, text: masker.text(`      ${encode(line)}!`) }).toEqual({ how, text: "      ***!" });
      }
      for (const before of ["", "a", "ab"]) {
        const { text, masked } = inBase64(line, Buffer.from(before), Buffer.from("xyz"));
        expect(masker.text(text)).toBe(masked);
      }
    }
  });

  test("short lines, the armour of a key and rulers stay readable by themselves", () => {
    const text = "if (a) {\n}\n-----BEGIN PRIVATE KEY-----\n==========\n";
    expect(maskerOf(KEY, "==========\nabcdefgh\n==========").text(text)).toBe(text);
  });

  test("as a whole: with any line break, also where only short lines are", () => {
    const masker = maskerOf("ab\ncd\nef\ngh");
    expect(masker.text("<ab\r\ncd\r\nef\r\ngh> <ab\\ncd\\nef\\ngh> <ab\ncd\nef>")).toBe("<***> <***> <ab\ncd\nef>");
  });

  test("line breaks written out as in .env files are real ones too", () => {
    const masker = maskerOf(KEY.trim().replaceAll("\n", "\\n"));
    expect(masker.text(KEY)).toBe("***\n");
    expect(masker.text(`\n${KEY_LINE}\n`)).toBe("\n***\n");
    expect(masker.text(KEY.trim().replaceAll("\n", "\\n"))).toBe("***");
  });
});

describe("what stands in logs", () => {
  const basic = Buffer.from(`user:${TOKEN}`).toString("base64");

  test("an Authorization header", () => {
    const masked = maskerOf(TOKEN).text(`> Authorization: Basic ${basic}`);
    expect(masked).toBe("> Authorization: Basic dXNlcj***");
  });

  test("base64 in lines, whatever the line break", () => {
    const secret = KEY_LINE.repeat(3);
    const lines = Buffer.from(`apiVersion: v1\ntoken: ${secret}\nkind: Secret`).toString("base64");
    for (const lineBreak of ["\n", "\r\n", "\\n"]) {
      const text = lines.replaceAll(/.{76}/gu, `$&${lineBreak}`);
      expect(maskerOf(secret).text(text)).toMatch(/^[\w+]+\*{3}[\w+]+=*$/u);
    }
  });

  test("base64 and digits whose line breaks within the secret, wherever it does", () => {
    const masker = maskerOf("0123abcdWXYZ");
    for (let before = 60; before < 140; before += 1) {
      const bytes = Buffer.from(`${"-".repeat(before)}0123abcdWXYZ${"-".repeat(60)}`);
      for (const text of [bytes.toString("base64").replaceAll(/.{76}/gu, "$&\n"), inLinesOf60(bytes.toString("hex"))]) {
        const masked = masker.text(text).replaceAll("\n", "");
        expect(inChunksOf(5, masker, text).replaceAll("\n", "")).toBe(masked);
        // Twelve bytes are at least sixteen characters of base64; none of them may be left.
        expect(masked).toMatch(/^[^*]+\*{3}[^*]+$/u);
        expect(masked.length - 3).toBeLessThanOrEqual(text.replaceAll("\n", "").length - 16);
      }
    }
  });

  test("base64 that was cut off in the middle of the secret's first and last character", () => {
    const { text } = inBase64("0123abcdWXYZ", Buffer.from("a"), Buffer.from("b"));
    expect(text).toBe("YTAxMjNhYmNkV1hZWmI=");
    expect(maskerOf("0123abcdWXYZ").text(`<${text.slice(2, -3)}>`)).toBe("<***>");
  });

  test("base64 within base64, as Kubernetes keeps a Docker configuration", () => {
    for (const user of ["u", "us", "usr"]) {
      const auth = Buffer.from(`${user}:${TOKEN}-and-more`).toString("base64");
      const config = Buffer.from(JSON.stringify({ auths: { "ghcr.io": { auth } } })).toString("base64");
      const masked = maskerOf(`${TOKEN}-and-more`).text(config);
      const before = Buffer.from(masked.slice(0, masked.indexOf("***")), "base64").toString();
      expect(masked).toContain("***");
      expect(before.length).toBeLessThan('{"auths":{"ghcr.io":{"auth":"'.length + auth.length - 12);
      expect(Buffer.from(masked, "base64").toString()).not.toContain(auth.slice(8, 20));
    }
  });

  test("base64 of JSON and of UTF-16", () => {
    const masker = maskerOf(TOKEN);
    for (const json of [JSON.stringify({ TOKEN }), JSON.stringify({ TOKEN }).replaceAll("ü", "\\u00fc")])
      expect(masker.text(Buffer.from(json).toString("base64"))).toMatch(/^eyJUT0tFTiI6I\*{3}[\w=]+$/u);
    expect(masker.text(Buffer.from(TOKEN, "utf16le").toString("base64"))).toMatch(/^\*{3}=*$/u);
  });

  test("a buffer that Node shows only the start of", () => {
    expect(maskerOf(KEY_LINE.repeat(2)).text(inspect(Buffer.from(KEY_LINE.repeat(2))))).toBe(
      "<Buffer *** ... 38 more bytes>",
    );
  });

  test("a JSON log line that holds a URL that holds the secret", () => {
    const url = `https://x.example/?q=${encodeURIComponent(JSON.stringify({ key: TOKEN }))}`;
    const masked = maskerOf(TOKEN).text(JSON.stringify({ msg: `GET ${url}` }));
    expect(masked).toBe(`{"msg":"GET https://x.example/?q=%7B%22key%22%3A%22***%22%7D"}`);
  });

  test("two secrets, of which one holds the other, and two that overlap, leave nothing of either", () => {
    const masker = maskerOf("abcdefgh", "xxabcdefghyy", "ghyyzzzzzz");
    expect(masker.text("[xxabcdefghyy] [abcdefgh] [xxabcdefghyyzzzzzz]")).toBe("[***] [***] [***]");
    expect(masker.text("abcdefghabcdefgh")).toBe("***");
  });

  test("a secret of many characters, in every encoding, wherever the stream is cut", () => {
    const secret = Array.from({ length: 1500 }, (_none, index) => `${index}"\\ é\n$`[index % 7]).join("") + "end of it";
    const masker = maskerOf(secret);
    for (const [how, encode] of Object.entries(TEXT_ENCODERS)) {
      // Long secrets are masked in parts, and what separates digits may stay between those.
      const text = inChunksOf(700, masker, `<${encode(secret)}>`).replaceAll(/\*\*\*(?:\n| |:|,)(?=\*)/gu, "");
      expect({ how, text }).toEqual({ how, text: "<***>" });
    }
    for (const before of ["", "a", "ab"]) {
      const { text, masked } = inBase64(secret, Buffer.from(before), Buffer.from("xyz"));
      expect(masker.text(text)).toBe(masked);
    }
  });

  test("a value in quotes is also masked without them", () => {
    expect(maskerOf('"abcdefgh"').text("abcdefgh")).toBe("***");
  });
});

describe("secrets that can't be masked", () => {
  test("less than eight characters, not counting white space around them, are refused by name", () => {
    expect(["1234567", " 1234567\n", "한국어비밀번호", "😀😀😀😀"].filter(isMaskable)).toEqual([]);
    expect(["AAA\r\n\r\nA", "a\r\nb\r\nc\r\n"].some(isMaskable)).toBe(false);
    expect(["12345678", "한국어비밀번호들"].every(isMaskable)).toBe(true);
    expect(() => new Masker([{ name: "PIN", value: "1234567" }])).toThrow(/^(?!.*1234567).*PIN/u);
  });
});

describe("a JSON value", () => {
  const masker = maskerOf(TOKEN, "12345678");

  test("that holds no secret is returned as the same object", () => {
    const value = { a: ["x", 1, null, true], b: { c: "abcdefghijk" } };
    expect(masker.json(value)).toBe(value);
  });

  test("is masked in its strings and keys, and shares what did not change", () => {
    const same = { b: ["c"] };
    const value = { [`key ${TOKEN}`]: 1, [`${TOKEN}`]: 2, "***": 3, list: [same, `${TOKEN}${TOKEN}`] };
    const masked = masker.json(value);
    expect(masked).toEqual({ "key ***": 1, "***": 2, "***2": 3, list: [{ b: ["c"] }, "***"] });
    expect((masked as { list: unknown[] }).list[0]).toBe(same);
    expect(Object.keys(value)).toContain(TOKEN);
  });

  test("with a number that is the secret; other numbers stay numbers", () => {
    expect(masker.json([12345678, 1234567, 112345678, -0, 1.5])).toEqual(["***", 1234567, 112345678, -0, 1.5]);
  });

  test("written as JSON holds the secret in no form", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const secretive = { plain: TOKEN, nested: [{ value }, JSON.stringify({ [TOKEN]: value })] };
        const text = JSON.stringify(masker.json(secretive));
        expect(text).not.toContain("p4ss");
        expect(masker.text(text)).toBe(text);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a stream", () => {
  test("without secrets passes the chunk itself", () => {
    const chunk = Buffer.from("abc");
    const stream = maskerOf().stream();
    expect(stream.push(chunk)).toBe(chunk);
    expect(stream.flush()).toHaveLength(0);
  });

  test("lets whole lines go at once, and holds only what may become a secret", () => {
    const stream = maskerOf(TOKEN).stream();
    const line = Buffer.from("all is well\n");
    expect(stream.push(line)).toBe(line);
    expect(String(stream.push(Buffer.from("my p4s")))).toBe("my ");
    expect(String(stream.push(Buffer.from("ta\n")))).toBe("p4sta\n");
    expect(String(stream.push(Buffer.from(`my ${TOKEN.slice(0, 9)}`)))).toBe("my ");
    expect(String(stream.push(Buffer.from(TOKEN.slice(9))))).toBe("");
    expect(String(stream.push(Buffer.from("!\n")))).toBe("***!\n");
  });

  test("can be used again after its end", () => {
    const stream = maskerOf(TOKEN).stream();
    expect(String(stream.push(Buffer.from("p4")))).toBe("");
    expect(String(stream.flush())).toBe("p4");
    expect(String(stream.push(Buffer.from(`ss${TOKEN} `)))).toBe("ss*** ");
    expect(String(stream.push(Buffer.from(TOKEN)))).toBe("");
    expect(String(stream.flush())).toBe("***");
    expect(String(stream.push(Buffer.from(`${TOKEN} `)))).toBe("*** ");
  });

  test("of a secret that overlaps itself for ever holds no more than one secret", () => {
    const stream = maskerOf("0".repeat(64)).stream();
    const sizes = Array.from({ length: 200 }, () => stream.push(Buffer.alloc(1000, "0")).length);
    expect(Math.max(...sizes.slice(1))).toBe(0);
    expect(stream.flush()).toHaveLength(0);
    expect(String(stream.push(Buffer.from("end\n")))).toBe("end\n");
  });
});

describe("what programs really print", () => {
  const secret = "correct-horse-battery-staple-42";
  const file = `${"x".repeat(27)}${secret}${"y".repeat(30)}\n`;
  const commands = [
    "od -A x -t x1z -v",
    "od -A x -x",
    "od -t x4",
    "base64 -w 20",
    "xxd",
    "xxd -e",
    "hexdump -C",
    "hexdump",
  ];

  for (const command of commands) {
    const isHere = isThere(command.split(" ")[0] ?? "");
    test.runIf(isHere)(`${command}${isHere ? "" : " (skipped: it is not here)"}`, () => {
      const printed = execFileSync("/bin/sh", ["-c", command], { input: file, encoding: "utf8" });
      const masked = maskerOf(secret).text(printed);
      expect(inChunksOf(7, maskerOf(secret), printed)).toBe(masked);
      expect(masked).toContain("***");
      // Two bytes in a row, in any of these ways of writing them.
      for (let at = 0; at + 2 <= secret.length; at += 1) {
        const pair = secret.slice(at, at + 2);
        const [one, two] = [...Buffer.from(pair)].map((byte) => byte.toString(16));
        for (const form of [pair, `${one}${two}`, `${two}${one}`, `${one} ${two}`]) expect(masked).not.toContain(form);
      }
    });
  }

  test("a line of a log that looks like the beginning of a dump passes whole", () => {
    const stream = maskerOf(TOKEN).stream();
    for (const line of ["2026 11 22\n", "deadbeef 12 tests passed\n"])
      expect(String(stream.push(Buffer.from(line)))).toBe(line);
  });
});

function isThere(program: string): boolean {
  return spawnSync("/bin/sh", ["-c", `command -v ${program}`]).status === 0;
}
