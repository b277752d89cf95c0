/**
 * What serves, as one content-addressed bundle. Its digest is the SHA-256 of its canonical JSON, so a rerun
 * with the same content is the same release. Commit and gate report are attestations beside it, not part of it.
 */
export interface ReleaseManifest {
  readonly schema: 1;
  /** The project's name. */
  readonly name: string;
  /** `linux-x64`, …: a release holds all that it starts with, but for an interpreter that the host brings. */
  readonly platform: string;
  readonly start: {
    /** The program, relative to the release's folder: the Node binary, or a script that starts the host's interpreter. */
    readonly command: string;
    readonly arguments: readonly string[];
    /** Working directory of the service, relative to the release's folder. */
    readonly folder: string;
    readonly readyPath: string;
    readonly healthPath: string;
    /** What the host has to bring; left out: nothing, the release holds its runtime. */
    readonly interpreter?: HostInterpreter;
  };
  /** The model's path relative to the release's folder; MODEL_PATH of a slot. Null: no model inside. */
  readonly modelPath: string | null;
  /** Data set name → SHA-256 of the file that the model was trained from. */
  readonly data: Readonly<Record<string, string>>;
  /** Environment name → variables of the service, none of them secret. */
  readonly configuration: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Sorted by path. */
  readonly files: readonly ReleaseFile[];
}

/** An interpreter that can't travel in the release. Compiled packages are made for one minor version, so it is exact. */
export interface HostInterpreter {
  readonly language: "python";
  /** Major and minor: "3.11". */
  readonly version: string;
}

export interface ReleaseFile {
  /** Relative, forward slashes, never `..`. */
  readonly path: string;
  /** SHA-256 in hex; the blob's name in the store. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
}
