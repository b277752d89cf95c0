import { problem, ProblemError } from "../../../base/problem.ts";

/** The parts of the SDK's errors that tell them apart. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  /** What an S3 server calls the error, in its answer's body; something else that answers has none. */
  readonly Code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number };
}

/** What a store that refuses needs, by the error's name. */
const REFUSALS: Readonly<Record<string, string>> = {
  NoSuchBucket: "make the bucket, or correct its name",
  CredentialsProviderError: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with AWS_PROFILE",
  InvalidAccessKeyId: "correct AWS_ACCESS_KEY_ID",
  SignatureDoesNotMatch: "correct AWS_SECRET_ACCESS_KEY",
  ExpiredToken: "get new credentials; these have expired",
  AccessDenied:
    "allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket (without it a missing key is refused)",
  XMinioStorageFull: "free space on the server",
  // The client always says the true length: minio answers so when its disk becomes full while it writes.
  IncompleteBody: "look whether the server's disk is full",
  PermanentRedirect: "correct the bucket's region",
  NotImplemented: "use a server that knows conditional writes (If-None-Match and If-Match)",
};

/** True for the answer that there is no such object. A missing bucket is no missing object. */
export function isMissing(error: unknown): boolean {
  const name = (error as SdkError).name;
  return statusOf(error) === 404 && (name === "NoSuchKey" || name === "NotFound");
}

/** True when a write's condition did not hold; 404 answers If-Match where there is no object any more. */
export function isConflict(error: unknown): boolean {
  return (error as SdkError).name === "PreconditionFailed" || statusOf(error) === 412 || isMissing(error);
}

/** True for AWS's answer to writers that race with conditions: to be tried again. */
export function isRace(error: unknown): boolean {
  return (error as SdkError).name === "ConditionalRequestConflict" || statusOf(error) === 409;
}

/** The error as a Problem: what may pass by itself is STORE_UNREACHABLE, what a person has to mend STORE_REFUSED. */
export function storeFault(error: unknown, place: string): ProblemError {
  if (error instanceof ProblemError) return error;
  const known = error as SdkError;
  const name = known.name ?? "Error";
  if (known.syscall !== undefined && known.path !== undefined) {
    // The file on this side, not the store.
    const message = `${known.message ?? name}`;
    return fault("STORE_UNWRITABLE", { place: known.path, message }, error);
  }
  const status = statusOf(error);
  // The SDK gives this one no name of its own.
  const isRegion = known.message === "Region is missing";
  const remedy = isRegion ? "give the store a `region`, or set AWS_REGION" : REFUSALS[name];
  if (remedy !== undefined) return fault("STORE_REFUSED", { place, message: describe(known), remedy }, error);
  const isFinal = status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 429;
  const isSaidByStore = isFinal && known.Code !== undefined && known.Code !== "RequestTimeout";
  if (status === 401 || status === 403 || status === 507 || isSaidByStore)
    return fault("STORE_REFUSED", { place, message: describe(known) }, error);
  if (isFinal) {
    const message = `it answers with status ${status} (${describe(known)}), as no S3 server does`;
    return fault("STORE_UNREACHABLE", { place, message }, error);
  }
  return fault("STORE_UNREACHABLE", { place, message: describe(known) }, error);
}

/** The call took longer than it may. */
export function storeTimeout(limitMs: number, place: string): ProblemError {
  return fault("STORE_UNREACHABLE", { place, message: `no answer within ${limitMs / 1000} s` }, undefined);
}

function fault(
  code: "STORE_UNREACHABLE" | "STORE_REFUSED" | "STORE_UNWRITABLE",
  details: { readonly place: string; readonly message: string; readonly remedy?: string },
  cause: unknown,
): ProblemError {
  return new ProblemError([problem(code, details)], { cause });
}

function statusOf(error: unknown): number | undefined {
  const known = error as SdkError;
  return known.$metadata?.httpStatusCode ?? known.$response?.statusCode;
}

/** One short line; foreign text has no control characters in it. */
function describe(error: SdkError): string {
  const name = error.code ?? error.name ?? "Error";
  const message = (error.message ?? "")
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, 200);
  return message === "" || message === name ? name : `${name}: ${message}`;
}
