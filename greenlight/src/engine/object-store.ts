/** Bytes and the tag of this very version of them. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Opaque; equal tags of one key mean equal bytes. */
  readonly etag: string;
}

export type PutResult =
  | { readonly kind: "written"; readonly etag: string }
  /**
   * The condition did not hold, nothing was changed. After a broken connection this may be the caller's own earlier attempt:
   * where it matters, compare what is there.
   */
  | { readonly kind: "conflict" };

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** An object of more bytes is refused (STORE_ENTRY_REFUSED) instead of read. */
  readonly maxBytes: number;
}

export interface PutOptions {
  readonly signal: AbortSignal;
  /** Only when there is no such object yet. Of writers that race exactly one wins. */
  readonly ifAbsent?: true;
  /** Only when the object still has this tag. */
  readonly ifMatch?: string;
}

export interface ListOptions {
  readonly signal: AbortSignal;
  readonly limit: number;
  /** Only keys that sort after this one. */
  readonly after?: string;
}

/**
 * Port: objects by key, shared by several machines. A reader sees an object whole or not at all, and sees every write that
 * resolved before. Every call ends within a bounded time. Rejects with a ProblemError: STORE_UNREACHABLE (may pass),
 * STORE_REFUSED (won't pass by itself), STORE_ENTRY_REFUSED (that object only); with the signal's reason when aborted.
 * Keys must satisfy `checkKey`, and no key may be the folder of another (`a` and `a/b`).
 */
export interface ObjectStore {
  /** Where it is, for messages; holds no credentials. */
  readonly place: string;
  /** The object's size in bytes; null when there is no such object. */
  size(key: string, options: { readonly signal: AbortSignal }): Promise<number | null>;
  get(key: string, options: ReadOptions): Promise<StoredObject | null>;
  /** Streams the object into a new file; false when there is no such object. A file cut short is removed again. */
  getToFile(key: string, path: string, options: ReadOptions): Promise<boolean>;
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<PutResult>;
  /** The same for a file of any size, of which only a part is in memory at a time. */
  putFile(key: string, path: string, options: PutOptions): Promise<PutResult>;
  /** Keys that start with `prefix` (empty, or ending in `/`), in ascending order of their UTF-8 bytes. */
  list(prefix: string, options: ListOptions): Promise<readonly string[]>;
  /** No error when there is no such object. */
  delete(key: string, options: { readonly signal: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}

/** What the module of a store's descriptor exports. */
export interface ObjectStoreModule {
  openObjectStore(
    options: Readonly<Record<string, unknown>>,
    context: { readonly projectFolder: string; readonly env: Readonly<Record<string, string | undefined>> },
  ): Promise<ObjectStore>;
}

const MAX_KEY_BYTES = 800;
const MAX_SEGMENT_BYTES = 200;

/**
 * Throws a RangeError for a key that some store can't hold: empty or long segments, `..` and other names that start with a dot,
 * control characters, what Windows forbids in names, and text that is not normalised (NFC).
 */
export function checkKey(key: string): string {
  const problem = keyProblem(key);
  if (problem !== null) throw new RangeError(`the key ${JSON.stringify(key.slice(0, 100))} ${problem}`);
  return key;
}

/** The same for the prefix of a list. */
export function checkPrefix(prefix: string): string {
  if (prefix === "") return prefix;
  if (!prefix.endsWith("/")) throw new RangeError(`the prefix ${JSON.stringify(prefix.slice(0, 100))} must end with /`);
  checkKey(prefix.slice(0, -1));
  return prefix;
}

function keyProblem(key: string): string | null {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return "is too long";
  if (!key.isWellFormed() || key !== key.normalize("NFC")) return "is not normalised text";
  if (/[\p{C}\u2028\u2029\\:*?"<>|]/u.test(key)) return "holds a character that not every store can hold";
  for (const segment of key.split("/")) {
    if (segment === "") return "has an empty segment";
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return "has a segment that is too long";
    if (/^\.|^\s|[\s.]$/u.test(segment)) return "has a segment that starts or ends with a dot or a space";
  }
  return null;
}
