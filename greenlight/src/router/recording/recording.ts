import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { writeDurably } from "../../base/durable-file.ts";
import { RecordingFile } from "./recording-file.ts";
import { parseRecordingPlan, type RecordedLine, type RecordingPlan } from "./recording-format.ts";
import { requestMatcher, type RequestMatcher } from "./recording-match.ts";
import { redactionOf, type Redaction } from "./recording-redaction.ts";

/** What of one exchange is kept until it has ended. The router tells it what happens; it never throws and changes nothing. */
export class Recording {
  readonly #recorder: Recorder;
  readonly #request: IncomingMessage;
  readonly #path: string;
  readonly #body: Buffer | null;
  readonly #startedAt = performance.now();
  readonly #at = Date.now();
  readonly #bodyLimitBytes: number;
  #status = 0;
  #contentType: string | null = null;
  #chunks: Buffer[] | null = [];
  #sizeBytes = 0;

  constructor(
    recorder: Recorder,
    parts: { request: IncomingMessage; path: string; body: Buffer | null },
    limit: number,
  ) {
    this.#recorder = recorder;
    this.#request = parts.request;
    this.#path = parts.path;
    this.#body = parts.body;
    this.#bodyLimitBytes = limit;
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#contentType = readableType(headers);
    // A second answer, after the request was sent again, begins anew.
    this.#chunks = this.#contentType === null ? null : [];
    this.#sizeBytes = 0;
  }

  onData(chunk: Buffer): void {
    if (this.#chunks === null) return;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#bodyLimitBytes) this.#chunks = null;
    else this.#chunks.push(chunk);
  }

  onEnd(served: { readonly deploymentId: string; readonly releaseId: string }): void {
    if (this.#chunks === null || this.#contentType === null || this.#status === 0) return;
    this.#recorder.keep({
      at: this.#at,
      ...served,
      method: this.#request.method ?? "GET",
      path: this.#path,
      headers: this.#request.headers,
      body: this.#body,
      answer: { status: this.#status, contentType: this.#contentType, chunks: this.#chunks },
      durationMs: performance.now() - this.#startedAt,
      sizeBytes: this.#sizeBytes + (this.#body?.length ?? 0),
    });
  }
}

interface Kept extends Pick<RecordedLine, "deploymentId" | "releaseId" | "method" | "path" | "durationMs"> {
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | null;
  readonly answer: { readonly status: number; readonly contentType: string; readonly chunks: readonly Buffer[] };
  readonly sizeBytes: number;
}

/** Longer ones are rare, and matching takes time in proportion to its square. */
const PATH_LIMIT = 2048;
const FLUSH_EVERY_MS = 250;
const KEPT_LIMIT_BYTES = 4 * 1024 * 1024;
/** Without these, which hold no secret, a service may not understand the request. */
const KEPT_HEADERS = ["content-type", "accept", "accept-language"];

interface Active {
  readonly plan: RecordingPlan;
  readonly matches: RequestMatcher;
  readonly redaction: Redaction;
  readonly headers: readonly string[];
}

/**
 * Samples exchanges for golden replay. On the way of a request it costs a look at a clock and a few references; reading, redacting
 * and writing are done later, a few at a time, and what would be too much is not recorded.
 */
export class Recorder {
  readonly #planPath: string;
  readonly #file: RecordingFile;
  #active: Active | null = null;
  /** The plan in memory is the one on the disk. */
  #isFollowed = false;
  #tokens = 0;
  #refilledAt = 0;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: { readonly planPath: string; readonly folder: string; log(line: string): void }) {
    this.#planPath = options.planPath;
    this.#file = new RecordingFile(options.folder, (line) => options.log(line));
  }

  /** Null: this one is not recorded. */
  begin(parts: { request: IncomingMessage; path: string; body: unknown }): Recording | null {
    const active = this.#active;
    if (active === null) return null;
    const { request, path, body } = parts;
    if (path.length > PATH_LIMIT || (body !== null && !Buffer.isBuffer(body))) return null;
    // Cheapest first: under load nearly every request ends here.
    if (!this.#hasToken(active.plan) || !active.matches(request.method ?? "GET", path)) return null;
    const { bodyLimitBytes } = active.plan;
    if (body !== null && (body.length > bodyLimitBytes || !isJson(request.headers))) return null;
    this.#tokens -= 1;
    return new Recording(this, { request, path, body }, bodyLimitBytes);
  }

  keep(kept: Kept): void {
    if (this.#keptBytes + kept.sizeBytes > KEPT_LIMIT_BYTES || this.#file.isPaused) return;
    this.#kept.push(kept);
    this.#keptBytes += kept.sizeBytes;
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  /** Null ends the recording. What was recorded stays until it is pushed out. Rejects when the plan can't be kept. */
  async follow(value: unknown): Promise<void> {
    const plan = value === null ? null : parseRecordingPlan(value);
    // Told at each switch, which waits for the answer; nearly always it is the plan that is followed already.
    if (this.#isFollowed && JSON.stringify(plan) === JSON.stringify(this.#active?.plan ?? null)) return;
    this.#isFollowed = false;
    await writeDurably(this.#planPath, JSON.stringify(plan));
    this.adopt(plan);
    this.#isFollowed = true;
  }

  adopt(plan: RecordingPlan | null): void {
    const redaction = plan === null ? null : redactionOf(plan.redact);
    this.#active =
      plan === null || redaction === null
        ? null
        : {
            plan,
            redaction,
            matches: requestMatcher(plan.requests),
            headers: [...KEPT_HEADERS, ...plan.headers.map((name) => name.toLowerCase())],
          };
    this.#tokens = plan === null ? 0 : Math.max(1, plan.perSecond);
  }

  /** Writes what has been kept so far. Never rejects. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    const active = this.#active;
    if (active === null || kept.length === 0) return;
    const lines = kept.flatMap((each) => lineOf(each, active) ?? []);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    if (text !== "") await this.#file.write(text, active.plan.totalLimitBytes);
  }

  #hasToken({ share, perSecond }: RecordingPlan): boolean {
    const now = performance.now();
    const most = Math.max(1, perSecond);
    this.#tokens = Math.min(most, this.#tokens + ((now - this.#refilledAt) * perSecond) / 1000);
    this.#refilledAt = now;
    return this.#tokens >= 1 && (share >= 1 || Math.random() < share);
  }
}

/** Null for what can't be written down without the risk of a secret in it. */
function lineOf(kept: Kept, { redaction, headers: names }: Active): RecordedLine | null {
  const path = redaction.path(kept.path);
  const body = kept.body === null ? null : redaction.json(kept.body.toString("utf8"));
  if (kept.body !== null && body === null) return null;
  const answered = Buffer.concat(kept.answer.chunks).toString("utf8");
  const isText = !kept.answer.contentType.includes("json");
  const answer = isText || answered === "" ? { text: answered, isRedacted: false } : redaction.json(answered);
  if (answer === null) return null;
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = kept.headers[name];
    if (typeof value === "string" && !redaction.isSecret(name)) headers[name] = value;
  }
  return {
    schema: 1,
    at: new Date(kept.at).toISOString(),
    deploymentId: kept.deploymentId,
    releaseId: kept.releaseId,
    method: kept.method,
    path: path.text,
    headers,
    body: body?.text ?? null,
    isRedacted: path.isRedacted || (body?.isRedacted ?? false),
    answer: {
      status: kept.answer.status,
      contentType: kept.answer.contentType,
      body: answer.text,
      isRedacted: answer.isRedacted,
    },
    durationMs: Math.round(kept.durationMs * 1000) / 1000,
  };
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return readableType(headers)?.includes("json") === true;
}

/** The content type of a body that can be read and compared: JSON or text, not packed. Null for any other. */
function readableType(headers: IncomingHttpHeaders): string | null {
  const packed = headers["content-encoding"];
  if (packed !== undefined && packed !== "identity") return null;
  const type = (headers["content-type"] ?? "").toLowerCase();
  return /^(?:application\/(?:[\w.+-]+\+)?json|text\/plain)(?:\s*;|$)/u.test(type) ? type : null;
}
