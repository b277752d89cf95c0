import { digestText } from "../../base/file-digest.ts";
import { checkKey } from "../../engine/object-store.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RUN_ID = /^[0-9a-z]{1,40}$/u;

/** Where everything of one project lies in the store. */
export class StoreLayout {
  readonly #top: string;

  constructor(project: string) {
    // Projects with odd names, or names that differ only in what is dropped, get folders of their own.
    const isPlain = /^[a-z0-9][a-z0-9-]{0,60}$/u.test(project);
    const plain = project
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/gu, "-")
      .replaceAll(/^-|-$/gu, "")
      .slice(0, 40);
    this.#top = isPlain ? project : `${plain}_${digestText(project).slice(0, 12)}`;
    checkKey(this.#top);
  }

  blob(digest: string): string {
    return `${this.#top}/blobs/${sharded(digest)}`;
  }

  cacheEntry(manifestDigest: string): string {
    return `${this.#top}/cache/${sharded(manifestDigest)}.json`;
  }

  manifest(digest: string): string {
    return `${this.#top}/manifests/${sharded(digest)}.json`;
  }

  chunks(runId: string): string {
    return `${this.#top}/runs/${checkRunId(runId)}/events/`;
  }

  /** `number` counts the run's chunks from 1. */
  chunk(runId: string, number: number): string {
    return `${this.chunks(runId)}${String(number).padStart(10, "0")}.json`;
  }

  lease(runId: string): string {
    return `${this.#top}/runs/${checkRunId(runId)}/lease.json`;
  }

  summaries(): string {
    return `${this.#top}/recent/`;
  }

  /** Run ids rise with time and a store lists upward, so each character is turned round: the newest run comes first. */
  summary(runId: string): string {
    return `${this.summaries()}${turnRound(checkRunId(runId))}.json`;
  }

  /** The run that a summary's key is about; null for a foreign object. */
  summarisedRun(key: string): string | null {
    const name = key.slice(this.summaries().length).replace(/\.json$/u, "");
    return RUN_ID.test(name) ? turnRound(name) : null;
  }
}

/** False for a text that can't be a run's id, so that nothing foreign gets into a key. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

function checkRunId(runId: string): string {
  if (!isRunId(runId)) throw new RangeError(`not a run's id: ${runId.slice(0, 60)}`);
  return runId;
}

function sharded(digest: string): string {
  if (!/^[0-9a-f]{64}$/u.test(digest)) throw new RangeError(`not a SHA-256: ${digest.slice(0, 80)}`);
  return `${digest.slice(0, 2)}/${digest.slice(2)}`;
}

/** Its own inverse. */
function turnRound(text: string): string {
  return [...text].map((letter) => ALPHABET[ALPHABET.length - 1 - ALPHABET.indexOf(letter)] ?? letter).join("");
}
