const MAX_LENGTH = 60;

/**
 * Gives out job ids: a letter first, then letters, digits, dashes and underscores, none of them twice (GitHub compares
 * them without regard to case). Text that has none of these characters gets the fallback.
 */
export class JobNames {
  readonly #taken = new Set<string>();

  take(texts: readonly string[], fallback: string): string {
    const plain = texts.map(slug).filter((text) => text !== "");
    const wanted = (plain.length === 0 ? fallback : plain.join("-")).slice(0, MAX_LENGTH).replace(/-+$/u, "");
    const base = /^[a-z]/u.test(wanted) ? wanted : `job-${wanted}`;
    let id = base;
    for (let count = 2; this.#taken.has(id); count += 1) id = `${base}-${count}`;
    this.#taken.add(id);
    return id;
  }
}

function slug(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "");
}
