/** A boolean expression of GitHub's language, and how tightly its outermost operator binds. */
export interface Expression {
  readonly text: string;
  readonly binds: "tight" | "and" | "or";
}

/** Text that GitHub shall not evaluate, for any place in which it looks for expressions. */
export function literal(text: string): string {
  return text.replaceAll("${{", "${{ '${{' }}");
}

/** A string of GitHub's expressions. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function term(text: string): Expression {
  return { text, binds: "tight" };
}

export function equals(left: string, right: string): Expression {
  return term(`${left} == ${quoted(right)}`);
}

/** True when `subject` is one of `texts`; never for none. */
export function isOneOf(subject: string, texts: readonly string[]): Expression {
  const [only] = texts;
  if (only === undefined) return term("false");
  if (texts.length === 1) return equals(subject, only);
  return term(`contains(fromJSON(${quoted(JSON.stringify(texts))}), ${subject})`);
}

export function not(inner: Expression): Expression {
  return term(/^\w+\(\)$/u.test(inner.text) ? `!${inner.text}` : `!(${inner.text})`);
}

/** Equal parts count once; true for none. */
export function and(parts: readonly Expression[]): Expression {
  return join(parts, { operator: "&&", binds: "and", empty: "true" });
}

/** Equal parts count once; false for none. */
export function or(parts: readonly Expression[]): Expression {
  return join(parts, { operator: "||", binds: "or", empty: "false" });
}

function join(
  parts: readonly Expression[],
  how: { readonly operator: string; readonly binds: "and" | "or"; readonly empty: string },
): Expression {
  const own = [...new Map(parts.map((part) => [part.text, part] as const)).values()];
  const [only] = own;
  if (only === undefined) return term(how.empty);
  if (own.length === 1) return only;
  // The language binds `&&` tighter than `||`; brackets say so to the reader as well.
  const texts = own.map((part) => (part.binds === "tight" || part.binds === how.binds ? part.text : `(${part.text})`));
  return { text: texts.join(` ${how.operator} `), binds: how.binds };
}
