import { err, ok, type Result } from "./result.ts";

/** A licence expression: one licence, with its exception where it has one, or several of which all or any hold. */
export type Licence =
  | { readonly kind: "licence"; readonly id: string; readonly exception: string | null }
  | { readonly kind: "and" | "or"; readonly parts: readonly Licence[] };

/** Longer ones, or deeper nested ones, are refused: no real package has them. */
const MAX_TOKENS = 200;

/**
 * Reads an SPDX licence expression (SPDX specification 2.3, annex D): ids, `+`, `WITH`, `AND` before `OR`, brackets.
 * Operators may be in lower case, as they often are. Ids are not looked up. The error says where it goes wrong.
 */
export function parseLicence(text: string): Result<Licence, string> {
  const tokens = text.match(/[()]|[^\s()]+/gu) ?? [];
  if (tokens.length === 0) return err("it is empty");
  if (tokens.length > MAX_TOKENS) return err("it is too long");
  let at = 0;
  const parsed = readAny();
  if (!parsed.ok) return parsed;
  return at === tokens.length ? parsed : err(`"${tokens[at]}" is not expected there`);

  function readAny(): Result<Licence, string> {
    return readList("or", () => readList("and", readOne));
  }

  function readList(kind: "and" | "or", read: () => Result<Licence, string>): Result<Licence, string> {
    const parts: Licence[] = [];
    do {
      const part = read();
      if (!part.ok) return part;
      parts.push(part.value);
    } while (take(kind));
    const [only] = parts;
    return ok(parts.length === 1 && only !== undefined ? only : { kind, parts });
  }

  function readOne(): Result<Licence, string> {
    if (take("(")) {
      const inner = readAny();
      if (!inner.ok) return inner;
      return take(")") ? inner : err("a bracket is not closed");
    }
    const id = readId();
    if (id === null)
      return err(at < tokens.length ? `"${tokens[at]}" is no licence` : "a licence is missing at its end");
    if (!take("with")) return ok({ kind: "licence", id, exception: null });
    const exception = readId();
    return exception === null ? err("the exception is missing") : ok({ kind: "licence", id, exception });
  }

  function take(word: string): boolean {
    if (tokens[at]?.toLowerCase() !== word) return false;
    at += 1;
    return true;
  }

  function readId(): string | null {
    const token = tokens[at];
    if (token === undefined || !/^[A-Za-z0-9][\w.:-]*\+?$/u.test(token)) return null;
    if (/^(?:and|or|with)$/iu.test(token)) return null;
    at += 1;
    return token;
  }
}

/** True when one may keep to the expression by licences that `isFine` holds of: one of several is enough where it says so. */
export function licenceHolds(licence: Licence, isFine: (id: string, exception: string | null) => boolean): boolean {
  switch (licence.kind) {
    case "licence":
      return isFine(licence.id, licence.exception);
    case "and":
      return licence.parts.every((part) => licenceHolds(part, isFine));
    case "or":
      return licence.parts.some((part) => licenceHolds(part, isFine));
  }
}
