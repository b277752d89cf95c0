import { expect, test } from "vitest";

import { server } from "../index.ts";
import { describeFault } from "./describe-fault.ts";
import { placeOf } from "./place.ts";
import { ENDINGS } from "./scripts.ts";

const { options } = server("deploy@films.example.com");
const PLACE = placeOf({ name: "production", folder: "/nowhere", options, configuration: {} });

test.each([
  ["error while loading shared libraries: libatomic.so.1: cannot open shared object file", "libatomic1"],
  ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found", "glibc 2.28"],
])("a Node that does not start because of %s is told with its remedy", (said, remedy) => {
  const fault = describeFault(PLACE, ENDINGS.noRuntime, `node: ${said}\n`);
  expect(fault).toMatchObject({ code: "SERVER_UNSUITABLE", remedy: expect.stringContaining(remedy) });
  expect(fault.message).toContain(said);
});
