import type { DraftFilm } from "./raw-film.ts";

/** What a rule does to the films it meets; `unlabelled` sets aside what cannot be learnt from. */
export type RuleAction = "reject" | "repair" | "quarantine" | "unlabelled";

/** One cleaning rule: pure, applied once to all films that the rules before it left. */
export interface CleaningRule {
  readonly name: string;
  readonly action: RuleAction;
  apply(films: readonly DraftFilm[]): RuleResult;
}

interface RuleResult {
  /** In their order; repaired ones in place. */
  readonly kept: readonly DraftFilm[];
  readonly removed: readonly DraftFilm[];
  /** Films repaired or removed. */
  readonly rowCount: number;
}

/** A rule that changes films and keeps all: `change` returns the fields to replace, null to leave the film. */
export function repair(name: string, change: (film: DraftFilm) => Partial<DraftFilm> | null): CleaningRule {
  return {
    name,
    action: "repair",
    apply(films) {
      let rowCount = 0;
      const kept = films.map((film) => {
        const fields = change(film);
        if (fields === null) return film;
        rowCount += 1;
        return { ...film, ...fields };
      });
      return { kept, removed: [], rowCount };
    },
  };
}

/** A rule that takes out the films of which `isMet` holds. */
export function removal(
  action: Exclude<RuleAction, "repair">,
  name: string,
  isMet: (film: DraftFilm) => boolean,
): CleaningRule {
  return { name, action, apply: (films) => takeOut(films, isMet) };
}

/** A rule that rejects every film of a group of two or more; `groupOf` names a film's group, null when it has none. */
export function groupRejection(name: string, groupOf: (film: DraftFilm) => string | null): CleaningRule {
  return {
    name,
    action: "reject",
    apply(films) {
      const sizes = new Map<string, number>();
      for (const film of films) {
        const group = groupOf(film);
        if (group !== null) sizes.set(group, (sizes.get(group) ?? 0) + 1);
      }
      return takeOut(films, (film) => (sizes.get(groupOf(film) ?? "") ?? 0) > 1);
    },
  };
}

function takeOut(films: readonly DraftFilm[], isMet: (film: DraftFilm) => boolean): RuleResult {
  const removed = films.filter((film) => isMet(film));
  return { kept: films.filter((film) => !isMet(film)), removed, rowCount: removed.length };
}
