import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parsePythonLock } from "./python-lock.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];

describe("a requirements file", () => {
  test("gives name, version, marker and hashes of each line, over continued lines and comments", () => {
    const text = [
      "# made by a compiler",
      "--index-url https://packages.example.com/simple",
      "Scikit_Learn==1.9.1 \\",
      `    --hash=sha256:${B} \\`,
      `    --hash=sha256:${A}`,
      "    # via -r requirements.in",
      `numpy==2.4.6 ; python_full_version < '3.12' --hash=sha256:${A}  # why`,
      "",
    ].join("\n");
    expect(parsePythonLock(text)).toEqual({
      requirements: [
        { name: "scikit-learn", version: "1.9.1", marker: null, hashes: [A, B] },
        { name: "numpy", version: "2.4.6", marker: "python_full_version < '3.12'", hashes: [A] },
      ],
      faults: [],
    });
  });

  test.each([
    ["fastapi", "no `name==version`"],
    ["fastapi>=1", "no `name==version`"],
    ["fastapi==1.*", "no `name==version`"],
    ["-r other.txt", "no `name==version`"],
    ["-e .", "no `name==version`"],
    ["git+https://example.com/x.git", "no `name==version`"],
    ["fastapi==1.2", "fastapi has no hash"],
    ["fastapi==1.2 --hash=md5:00", "fastapi has a hash that is no SHA-256"],
  ])("that says %j is no lock, and which line is at fault", (line, message) => {
    expect(parsePythonLock(`\n${line}\n`)).toEqual({ requirements: [], faults: [{ line: 2, message }] });
  });

  test("of any text is read without a crash", () => {
    const piece = fc.constantFrom(
      "==",
      "\\",
      "\n",
      "\r\n",
      "#",
      ";",
      " --hash=sha256:",
      A,
      "name",
      "1.0",
      " ",
      "[",
      "é",
      "\0",
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void parsePythonLock(pieces.join(""))));
  });
});
