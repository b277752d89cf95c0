import type { StoreDescriptor } from "../../pipeline/definition.ts";
import { readS3Options, type S3Options } from "./s3/options.ts";
import { readFolderOptions } from "./shared-folder/options.ts";

/** The half of the store's key that may be known: `greenlight store key` makes a pair. */
export interface StorePublicKey {
  /** Ed25519, base64 SPKI. Only what the other half signed is believed. */
  readonly publicKey: string;
}

/**
 * A shared store on S3, or on a server that speaks it and knows conditional writes. Needs the package
 * `@aws-sdk/client-s3`. Throws a RangeError that names the option when one makes no sense.
 */
export function s3(options: Pick<S3Options, "bucket"> & Partial<S3Options> & StorePublicKey): StoreDescriptor {
  const { publicKey, ...rest } = options;
  return { kind: "s3", module: "greenlight/stores/s3", options: { ...readS3Options(rest) }, publicKey };
}

/** A shared store in a folder that all machines mount; relative to the project. It must exist. */
export function folder(path: string, options: StorePublicKey): StoreDescriptor {
  return {
    kind: "folder",
    module: "greenlight/stores/shared-folder",
    options: { ...readFolderOptions({ path }) },
    publicKey: options.publicKey,
  };
}
