/** One line of a recording file. Later versions may add members; another `schema` is another format. */
export interface RecordedLine {
  readonly schema: 1;
  /** ISO 8601, UTC; when the request came. */
  readonly at: string;
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** True: something of the request was replaced, so that sending it again would be another request. */
  readonly isRedacted: boolean;
  readonly answer: {
    readonly status: number;
    readonly contentType: string;
    readonly body: string | null;
    readonly isRedacted: boolean;
  };
  readonly durationMs: number;
}

/** What the router records; it stands in `recording.json` of the environment, so that it holds over a restart. */
export interface RecordingPlan {
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  readonly share: number;
  readonly perSecond: number;
  readonly bodyLimitBytes: number;
  readonly totalLimitBytes: number;
  readonly redact: readonly string[];
  readonly headers: readonly string[];
}

const BODY_CEILING_BYTES = 1024 * 1024;
const TOTAL_CEILING_BYTES = 1024 * 1024 * 1024;

/** Null when `value` is not a whole plan: then nothing is recorded. */
export function parseRecordingPlan(value: unknown): RecordingPlan | null {
  if (!isRecord(value)) return null;
  const { requests, share, perSecond, bodyLimitBytes, totalLimitBytes, redact, headers } = value;
  const isWhole =
    Array.isArray(requests) &&
    requests.every((each) => isRecord(each) && isText(each["method"]) && isText(each["path"])) &&
    isBetween(share, 0, 1) &&
    isBetween(perSecond, 0, 1000) &&
    isBetween(bodyLimitBytes, 0, BODY_CEILING_BYTES) &&
    isBetween(totalLimitBytes, 0, TOTAL_CEILING_BYTES) &&
    areTexts(redact) &&
    areTexts(headers);
  return isWhole ? (value as unknown as RecordingPlan) : null;
}

/** Null for what is no whole line of this version: a torn one, or one that somebody else wrote. */
export function parseRecordedLine(text: string): RecordedLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value["schema"] !== 1) return null;
  const { answer, headers } = value;
  const texts = ["at", "deploymentId", "releaseId", "method", "path"];
  if (!texts.every((name) => typeof value[name] === "string") || !String(value["path"]).startsWith("/")) return null;
  if (!isRecord(headers) || !Object.values(headers).every((each) => typeof each === "string")) return null;
  if (!isBody(value) || typeof value["durationMs"] !== "number") return null;
  const isAnswer =
    isRecord(answer) &&
    Number.isSafeInteger(answer["status"]) &&
    typeof answer["contentType"] === "string" &&
    isBody(answer);
  return isAnswer ? (value as unknown as RecordedLine) : null;
}

function isBody({ body, isRedacted }: Record<string, unknown>): boolean {
  return (body === null || typeof body === "string") && typeof isRedacted === "boolean";
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
