import { problem, ProblemError } from "../../../base/problem.ts";
import type { ObjectStore } from "../../../engine/object-store.ts";
import type { S3Library } from "./multipart.ts";
import { readS3Options, type S3Options } from "./options.ts";
import { S3Store } from "./s3-store.ts";

const CONNECT_LIMIT_MS = 2000;
/** Below six seconds the client watches from the start of a connection, above only after three. */
const IDLE_LIMIT_MS = 5000;
const ATTEMPTS = 3;
const CONNECTIONS = 16;

/**
 * Opens a store on S3 without asking it anything yet. Throws STORE_LIBRARY_MISSING when `@aws-sdk/client-s3` is not
 * installed, CONFIG_INVALID for options that make no sense.
 */
export async function openObjectStore(
  given: Readonly<Record<string, unknown>>,
  context: { readonly projectFolder: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ObjectStore> {
  const options = checkedOptions(given);
  const library = await loadLibrary();
  const region = options.region ?? context.env["AWS_REGION"] ?? (options.endpoint === null ? null : "us-east-1");
  const client = new library.S3Client({
    ...(region === null ? {} : { region }),
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
    ...credentialsOf(context.env),
    forcePathStyle: options.forcePathStyle,
    maxAttempts: ATTEMPTS,
    // What is read is verified by digest or signature; the newer checksums in trailers are unknown to many servers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_LIMIT_MS,
      socketTimeout: IDLE_LIMIT_MS,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
  });
  return new S3Store(library, client, { ...options, place: placeOf(options) });
}

async function loadLibrary(): Promise<S3Library> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const problems = [
      problem("STORE_LIBRARY_MISSING", {
        place: "the store on S3",
        message: "it needs the package @aws-sdk/client-s3",
        remedy: "npm install --save-dev @aws-sdk/client-s3",
      }),
    ];
    throw new ProblemError(problems, { cause: error });
  }
}

function checkedOptions(given: Readonly<Record<string, unknown>>): S3Options {
  try {
    return readS3Options(given);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("CONFIG_INVALID", { place: "store", message })], { cause: error });
  }
}

/** The run's own variables come first, as in the SDK's chain; without them the chain decides: profile, web identity, role. */
function credentialsOf(env: Readonly<Record<string, string | undefined>>): {
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
} {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if ((accessKeyId ?? "") === "" || (secretAccessKey ?? "") === "") return {};
  return {
    credentials: {
      accessKeyId: accessKeyId ?? "",
      secretAccessKey: secretAccessKey ?? "",
      ...((token ?? "") === "" ? {} : { sessionToken: token ?? "" }),
    },
  };
}

function placeOf(options: S3Options): string {
  const path = [options.bucket, options.prefix].filter((part) => part !== "").join("/");
  return options.endpoint === null ? `s3://${path}` : `s3://${path} at ${new URL(options.endpoint).host}`;
}
