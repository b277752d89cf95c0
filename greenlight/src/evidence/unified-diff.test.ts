import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { readUnifiedDiff } from "./unified-diff.ts";

function read(diff: string): Record<string, number[]> {
  const changed = readUnifiedDiff(diff);
  if (!changed.ok) throw new Error(changed.error);
  return Object.fromEntries([...changed.value].map(([path, lines]) => [path, [...lines]]));
}

describe("a unified diff", () => {
  it("tells the new lines of each file", () => {
    const diff = `diff --git src/a.ts src/a.ts
index 1..2 100644
--- src/a.ts
+++ src/a.ts
@@ -3 +3,2 @@ function x() {
-old
+new
+newer
@@ -10,2 +11,0 @@
-gone
-gone
`;
    expect(read(diff)).toEqual({ "src/a.ts": [3, 4] });
  });

  it("a changed line that looks like a head is no head", () => {
    const diff = "diff --git a a\n--- a\n+++ a\n@@ -1 +1 @@\n--- b\n+++ c\n@@ -5,0 +6 @@\n+x\n";
    expect(read(diff)).toEqual({ a: [1, 6] });
  });

  it("quoted names are read, deleted and binary files change nothing, renamed ones stand under the new name", () => {
    const diff = `diff --git "a\\303\\274 \\"b\\".ts" "a\\303\\274 \\"b\\".ts"
--- "a\\303\\274 \\"b\\".ts"
+++ "a\\303\\274 \\"b\\".ts"
@@ -0,0 +1 @@
+x
diff --git gone.ts gone.ts
deleted file mode 100644
--- gone.ts
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git pic.png pic.png
Binary files pic.png and pic.png differ
diff --git old.ts new name.ts
similarity index 90%
rename from old.ts
rename to new name.ts
--- old.ts\t
+++ new name.ts\t
@@ -2 +2 @@
-a
+b
\\ No newline at end of file
`;
    expect(read(diff)).toEqual({ 'aü "b".ts': [1], "new name.ts": [2] });
  });

  it("more lines than can be are refused, and no text makes it throw", () => {
    expect(readUnifiedDiff("+++ a\n@@ -0,0 +1,999999999 @@\n").ok).toBe(false);
    fc.assert(fc.property(fc.string(), (text) => void readUnifiedDiff(`diff --git a b\n+++ ${text}\n@@ ${text}`)));
  });
});
