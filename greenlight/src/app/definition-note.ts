import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { OWN_FOLDER } from "../base/own-files.ts";
import type { EnvironmentDefinition } from "../pipeline/definition.ts";
import type { ProjectPlace } from "./find-project.ts";

/** What `status` has to know of the definition. */
export interface NotedDefinition {
  readonly project: string;
  readonly environments: readonly NotedEnvironment[];
}

export interface NotedEnvironment {
  readonly name: string;
  readonly definition: EnvironmentDefinition;
  /** Where its requests go, as its target says. */
  readonly url: string;
}

/** Everything that loading the definition depended on. */
export interface LoadTrace {
  /** Absolute path → identity of the file when it was read. */
  readonly files: ReadonlyMap<string, string>;
  /** Variable → a mark of its value; null: not set. */
  readonly variables: ReadonlyMap<string, string | null>;
  /** False: it may depend on something that can't be noted, and has to be loaded each time. */
  readonly isComplete: boolean;
}

interface Note {
  readonly schema: 2;
  readonly configPath: string;
  readonly files: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string | null>>;
  readonly definition: NotedDefinition;
}

/**
 * What the definition came to when it was loaded last, so that `status` need not load it (a quarter of a second of
 * imports). `isFresh` says that loading it now would come to the same: no file that was imported then has changed, and no
 * variable that was read. Null when nothing was noted, or nothing that can be read.
 */
export function readDefinitionNote(
  place: ProjectPlace,
): { readonly definition: NotedDefinition; readonly isFresh: boolean } | null {
  try {
    const note = JSON.parse(readFileSync(notePath(place), "utf8")) as Partial<Note>;
    if (note.schema !== 2 || note.definition === undefined || note.configPath !== place.configPath) return null;
    const { files = {}, variables = {} } = note;
    const isFresh =
      Object.keys(files).length > 0 &&
      Object.entries(files).every(([path, identity]) => identityOf(path) === identity) &&
      Object.entries(variables).every(([name, mark]) => markOf(process.env[name]) === mark);
    return { definition: note.definition, isFresh };
  } catch {
    return null;
  }
}

/** Keeps the note for the next call. A folder that can't be written costs that call its time, nothing else. */
export function writeDefinitionNote(place: ProjectPlace, definition: NotedDefinition, trace: LoadTrace): void {
  if (!trace.isComplete) return;
  const note: Note = {
    schema: 2,
    configPath: place.configPath,
    files: Object.fromEntries(trace.files),
    variables: Object.fromEntries(trace.variables),
    definition,
  };
  const path = notePath(place);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(place.stateFolder, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(note), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // The next call loads the definition again.
  }
}

/** Builtins that give the same answer to everyone who asks: a definition may use them and still be noted. */
const HARMLESS = new Set(["assert", "buffer", "events", "path", "querystring", "string_decoder", "url", "util"]);

/**
 * Loads by `load` and tells on what it depended: imported files, variables read, and whether a module that is not
 * Greenlight's own imported a builtin that sees more of the world (files, network, processes).
 */
export async function traceLoad<Value>(
  load: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly trace: LoadTrace }> {
  const files = new Map<string, string>([[OWN_FILE, identityOf(OWN_FILE)]]);
  const variables = new Map<string, string | null>();
  let isComplete = true;
  const hooks = process.getBuiltinModule("node:module").registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context);
      const builtin = resolved.url.startsWith("node:") ? resolved.url.slice("node:".length) : null;
      if (builtin !== null && !HARMLESS.has(builtin) && !isOwn(context.parentURL)) isComplete = false;
      return resolved;
    },
    load: (url, context, next) => {
      if (url.startsWith("file:")) {
        const path = fileURLToPath(url);
        files.set(path, identityOf(path));
      }
      return next(url, context);
    },
  });
  const environment = process.env;
  process.env = new Proxy(environment, {
    get: (target, name) => {
      if (typeof name === "string") variables.set(name, markOf(target[name]));
      return Reflect.get(target, name) as unknown;
    },
    has: (target, name) => {
      if (typeof name === "string") variables.set(name, markOf(target[name]));
      return Reflect.has(target, name);
    },
    ownKeys: (target) => {
      isComplete = false;
      return Reflect.ownKeys(target);
    },
  });
  try {
    const value = await load();
    return { value, trace: { files, variables, isComplete } };
  } finally {
    process.env = environment;
    hooks.deregister();
  }
}

/** This very file stands for Greenlight itself: a new version comes with all of its files. */
const OWN_FILE = fileURLToPath(import.meta.url);
const OWN_ROOT = OWN_FOLDER.href;

/** Greenlight's own modules look at nothing while they are imported; everybody else's may do anything. */
function isOwn(url: string | undefined): boolean {
  return url?.startsWith(OWN_ROOT) === true;
}

/** Size, times and inode: a file with the same ones holds the same bytes. */
function identityOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "" : `${found.size}-${found.mtimeNs}-${found.ctimeNs}-${found.ino}`;
}

/** Tells two values apart without keeping either: FNV-1a over two lanes, 64 bits together. */
function markOf(value: string | undefined): string | null {
  if (value === undefined) return null;
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + index), 0x01000193);
  }
  return `${(low >>> 0).toString(36)}-${(high >>> 0).toString(36)}`;
}

function notePath(place: ProjectPlace): string {
  return join(place.stateFolder, "definition.json");
}
