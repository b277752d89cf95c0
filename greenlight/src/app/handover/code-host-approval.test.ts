import { once } from "node:events";
import { createServer, type Server } from "node:http";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import type { ApprovalAnswer, ApprovalRequest, Approver } from "../../engine/approval.ts";
import { codeHostApprover } from "./code-host-approval.ts";

const NEVER = new AbortController().signal;
const waiting: Approver = () => Promise.resolve({ kind: "waiting" });

let server: Server;
let answers: { status: number; body: unknown }[];
let asked: { url: string | undefined; token: string | undefined }[];
let env: Record<string, string>;
let recorded: ApprovalAnswer[];

beforeEach(async () => {
  answers = [];
  asked = [];
  recorded = [];
  server = createServer((request, response) => {
    asked.push({ url: request.url, token: request.headers.authorization });
    const { status, body } = answers.shift() ?? { status: 500, body: {} };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  env = {
    GITHUB_ACTIONS: "true",
    GITHUB_API_URL: `http://127.0.0.1:${address.port}`,
    GITHUB_REPOSITORY: "kim/shop",
    GITHUB_RUN_ID: "77",
    GITHUB_TOKEN: "ghs_token",
    GREENLIGHT_ENVIRONMENT: "production",
  };
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function review(state: string, environment: string, login: string, comment = ""): object {
  return { state, comment, environments: [{ id: 1, name: environment }], user: { login } };
}

function ask(environment = "production", standing: ApprovalAnswer | null = null): Promise<ApprovalAnswer> {
  const request: ApprovalRequest = {
    environment,
    releaseId: "r",
    digest: "d",
    summary: "",
    expiresAt: null,
    standing: () => Promise.resolve(standing),
    answeredElsewhere: () => Promise.resolve({ kind: "waiting" }),
    record: (answer) => {
      recorded.push(answer);
      return Promise.resolve(answer);
    },
  };
  const approver = codeHostApprover(env, waiting);
  if (approver === null) throw new Error("no approver");
  return approver(request, NEVER);
}

describe("a job that GitHub let start for a protected environment", () => {
  test("is granted in the name of who approved it there, and with the reason", async () => {
    answers = [
      {
        status: 200,
        body: [
          review("approved", "staging", "bob"),
          review("rejected", "production", "eve"),
          review("approved", "Production", "ann", "looks good"),
        ],
      },
    ];
    const granted = { kind: "granted", by: "ann", how: "code-host", why: "looks good" };
    expect(await ask()).toEqual(granted);
    expect(recorded).toEqual([granted]);
    expect(asked).toEqual([{ url: "/repos/kim/shop/actions/runs/77/approvals", token: "Bearer ghs_token" }]);
  });

  test("asks again when GitHub has a bad moment", async () => {
    answers = [
      { status: 502, body: "" },
      { status: 200, body: [review("approved", "production", "ann")] },
    ];
    expect(await ask()).toMatchObject({ by: "ann", why: "approved on GitHub" });
  });

  test.each([
    ["nobody was asked", [{ status: 200, body: [] }], "required reviewers"],
    [
      "somebody approved another environment",
      [{ status: 200, body: [review("approved", "staging", "bob")] }],
      "required reviewers",
    ],
    ["the job may not read it", [{ status: 403, body: {} }], "actions: read"],
    [
      "GitHub says something else",
      [
        { status: 200, body: { message: "?" } },
        { status: 200, body: "<html>" },
        { status: 200, body: [] },
      ],
      "required reviewers",
    ],
  ])("is not granted when %s", async (_name, given, remedy) => {
    answers = given;
    const refused = await ask().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ProblemError);
    expect((refused as ProblemError).problems).toMatchObject([
      { code: "APPROVAL_WANTED", remedy: expect.stringContaining(remedy) },
    ]);
    expect(recorded).toEqual([]);
  });

  test("keeps an answer that stands, and leaves another environment to others", async () => {
    const standing: ApprovalAnswer = { kind: "rejected", by: "eve", how: "command", why: "freeze" };
    expect(await ask("production", standing)).toEqual(standing);
    expect(await ask("staging")).toEqual({ kind: "waiting" });
    expect(asked).toEqual([]);
  });
});

test("nowhere else GitHub is asked", () => {
  expect(codeHostApprover({}, waiting)).toBeNull();
  expect(codeHostApprover({ GITHUB_ACTIONS: "true" }, waiting)).toBeNull();
});
