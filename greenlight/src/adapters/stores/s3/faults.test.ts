import { describe, expect, test } from "vitest";

import { storeFault } from "./faults.ts";

/** An error as the SDK makes it of an answer. */
function answer(status: number, name: string, code?: string): Error {
  const error = Object.assign(new Error(`message of ${name}`), { $metadata: { httpStatusCode: status } });
  error.name = name;
  return code === undefined ? error : Object.assign(error, { Code: code });
}

function told(error: Error): { code: string | undefined; message: string | undefined } {
  const [first] = storeFault(error, "s3://films").problems;
  return { code: first?.code, message: first?.message };
}

describe("an answer of a store", () => {
  test("that a server gives when its disk becomes full while it writes is a refusal", () => {
    const fault = storeFault(answer(400, "IncompleteBody", "IncompleteBody"), "s3://films");
    expect(fault.problems).toMatchObject([{ code: "STORE_REFUSED", remedy: expect.stringContaining("full") }]);
  });

  test("with a code of its own that nobody knows is a refusal too, in the server's words", () => {
    expect(told(answer(400, "KeyTooLongError", "KeyTooLongError"))).toEqual({
      code: "STORE_REFUSED",
      message: "KeyTooLongError: message of KeyTooLongError",
    });
  });

  test("without a code is not one of an S3 server", () => {
    expect(told(answer(404, "UnknownError"))).toEqual({
      code: "STORE_UNREACHABLE",
      message: "it answers with status 404 (UnknownError: message of UnknownError), as no S3 server does",
    });
  });

  test("that may pass by itself is no refusal", () => {
    expect(told(answer(400, "RequestTimeout", "RequestTimeout")).code).toBe("STORE_UNREACHABLE");
    expect(told(answer(503, "SlowDown", "SlowDown")).code).toBe("STORE_UNREACHABLE");
  });
});
