import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { err, ok, type Result } from "../../base/result.ts";

/** The web API of SonarCloud or of a SonarQube server. */
export interface SonarServer {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

export interface SonarPatience {
  /** As `performance.now()` counts. */
  readonly endsAt: number;
  readonly pollMs: number;
}

interface Fault {
  readonly message: string;
  /** True for what may be over in a moment: the network, an overloaded or starting server. */
  readonly isPassing: boolean;
}

const TIMEOUT_MS = 15_000;
const LARGEST_CHARACTERS = 1024 * 1024;
/** In a row; then the server is taken to be away. */
const MAX_FAULTS = 5;

/**
 * Asks until `isEnd` says that the answer is the last one, bounded by `patience`; a text says why there is none. Safe to
 * repeat: it only reads. Rejects when the server's `signal` is aborted.
 */
export async function askUntil<Answer>(
  server: SonarServer,
  question: { readonly path: string; readonly schema: z.ZodType<Answer>; isEnd(answer: Answer): boolean },
  { endsAt, pollMs }: SonarPatience,
): Promise<Result<Answer, string>> {
  let faults = 0;
  for (;;) {
    const answer = await ask(server, question.path, question.schema);
    server.signal.throwIfAborted();
    if (answer.ok && question.isEnd(answer.value)) return answer;
    faults = answer.ok ? 0 : faults + 1;
    if (!answer.ok && (!answer.error.isPassing || faults >= MAX_FAULTS)) return err(answer.error.message);
    if (performance.now() + pollMs > endsAt)
      return err(answer.ok ? "the server has not worked the analysis up in time" : answer.error.message);
    await sleep(pollMs, undefined, { signal: server.signal });
  }
}

async function ask<Answer>(
  { url, token, signal }: SonarServer,
  path: string,
  schema: z.ZodType<Answer>,
): Promise<Result<Answer, Fault>> {
  try {
    const response = await fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await readText(response);
    if (response.ok) return ok(schema.parse(JSON.parse(text)));
    const isPassing = response.status === 429 || response.status >= 500;
    return err({ message: `the server answered with HTTP ${response.status}${ownWords(text)}`, isPassing });
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return err({ message: "the server's answer is of another form", isPassing: false });
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return err({ message: cause instanceof Error ? cause.message : String(cause), isPassing: true });
  }
}

async function readText(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LARGEST_CHARACTERS) throw new Error("the server's answer is too large");
  }
  return text;
}

const REFUSAL = z.object({ errors: z.array(z.object({ msg: z.string() })) });

/** Why it refuses, as it says itself: `{"errors":[{"msg":"…"}]}`; with a wrong token it says nothing. */
function ownWords(text: string): string {
  try {
    const said = REFUSAL.safeParse(JSON.parse(text));
    const words = said.success ? said.data.errors.map(({ msg }) => msg).join("; ") : "";
    return words === "" ? "" : `: ${words.slice(0, 300)}`;
  } catch {
    return "";
  }
}
