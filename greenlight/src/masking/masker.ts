import { findSecrets } from "./find-secrets.ts";
import { maskJson } from "./mask-json.ts";
import { MergedMasker } from "./merged-masker.ts";
import { SecretIndex } from "./secret-index.ts";
import { secretPatterns } from "./secret-patterns.ts";
import { isMaskable, MINIMUM_SECRET_CHARACTERS } from "./secret-texts.ts";
import { StreamMasker } from "./stream-masker.ts";

const NOTHING = new Uint8Array();

/**
 * Replaces secrets by `***` in everything that leaves a step: as they are; as JSON, JSON within JSON, URLs, forms, XML, shells
 * and programming languages write them, piece by piece in any mixture; in base64 and base64url at any offset, in
 * hexadecimal digits; line by line, across lines that were wrapped, and in dumps. See `docs/decisions/masking.md` for where that ends, `secret-texts.ts` for what counts as the secret, `secret-patterns.ts` for the
 * encodings. Building takes some milliseconds a secret; a masker without secrets does nothing and costs nothing.
 */
export class Masker {
  readonly #index: SecretIndex | null;
  /** Some secret could stand in JSON as a number. */
  readonly #hasNumbers: boolean;

  /** Throws when a value is shorter than `isMaskable` allows: whoever resolves secrets refuses those before. */
  constructor(secrets: readonly { readonly name: string; readonly value: string }[]) {
    const short = secrets.filter(({ value }) => !isMaskable(value)).map(({ name }) => name);
    if (short.length > 0)
      throw new Error(`secrets of less than ${MINIMUM_SECRET_CHARACTERS} characters: ${short.join(", ")}`);
    const values = secrets.map(({ value }) => value);
    this.#index = values.length === 0 ? null : new SecretIndex(secretPatterns(values));
    this.#hasNumbers = values.some((value) => Number.isFinite(Number(value)));
  }

  /** False when there is nothing to mask. */
  get isActive(): boolean {
    return this.#index !== null;
  }

  /** `text` itself when it holds no secret. Else lone surrogates, which have no bytes, become U+FFFD. */
  text(text: string): string {
    if (!this.#holdsSecret(text)) return text;
    const stream = this.stream();
    return Buffer.concat([stream.push(Buffer.from(text)), stream.flush()]).toString();
  }

  /**
   * Masks every string and every key in a JSON value, and numbers that are a secret. The same object when nothing
   * was to mask, and the same parts where nothing was; keys that become equal are numbered.
   */
  json<Value>(value: Value): Value {
    if (this.#index === null) return value;
    return maskJson(value, {
      mask: (text) => this.text(text),
      holdsSecret: (text) => this.#holdsSecret(text),
      hasNumbers: this.#hasNumbers,
    });
  }

  /** For one stream of bytes, from its beginning. */
  stream(): StreamMasker {
    return new StreamMasker(this.#index);
  }

  /** For streams whose bytes meet in one text, from their beginning: standard output and error, as they are numbered. */
  merged(): MergedMasker {
    return new MergedMasker(this.#index, 2);
  }

  #holdsSecret(text: string): boolean {
    if (this.#index === null) return false;
    return findSecrets(this.#index, Buffer.from(text), { isFinal: true, before: NOTHING }).ranges.length > 0;
  }
}
