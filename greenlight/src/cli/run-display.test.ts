import { expect, test } from "vitest";

import { isLiveTerminal } from "./run-display.ts";

test.each([
  [{ isTTY: true }, {}, true],
  [{ isTTY: true }, { CI: "false", TERM: "xterm" }, true],
  [{}, {}, false],
  [{ isTTY: true }, { NO_COLOR: "1" }, false],
  [{ isTTY: true }, { TERM: "dumb" }, false],
  [{ isTTY: true }, { CI: "true" }, false],
])("a stream %o with %o is drawn on: %s", (stream, env, isLive) => {
  expect(isLiveTerminal(stream, env)).toBe(isLive);
});
