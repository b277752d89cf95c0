"""The cleaning rules: each small, in a fixed order, each counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.films import Draft, Facts, NoFilm, PartialDate, film_key, read_draft

LAST_SHOWN_YEAR = 2011
MIN_VOTES = 100
MIN_TWIN_VOTES = 10_000
MAX_RATING_GAP = 60


@dataclass(frozen=True)
class Film:
    """A clean film whose rating is known."""

    key: str
    facts: Facts
    rating: float


@dataclass(frozen=True)
class Applied:
    """What one rule did."""

    rule: str
    action: str
    count: int


@dataclass(frozen=True)
class Cleaned:
    """The films that are left, by key, and what each rule did."""

    films: tuple[Film, ...]
    rules: tuple[Applied, ...]
    read_count: int


Rule = tuple[str, str, Callable[[list[Draft]], tuple[list[Draft], int]]]


def clean(raw_films: Iterable[object]) -> Cleaned:
    """Applies all rules. Something that is no film is quarantined and the rest kept."""
    drafts: list[Draft] = []
    broken = 0
    for raw in raw_films:
        try:
            if not isinstance(raw, Mapping):
                raise NoFilm("no object")
            drafts.append(read_draft(raw))
        except NoFilm:
            broken += 1
    read_count = len(drafts) + broken
    applied = [Applied("broken line", "quarantine", broken)]
    for name, action, apply in RULES:
        drafts, count = apply(drafts)
        applied.append(Applied(name, action, count))
    films = sorted((_film(draft) for draft in drafts), key=_order)
    return Cleaned(tuple(films), tuple(applied), read_count)


def _film(draft: Draft) -> Film:
    title = str(draft.title)
    return Film(film_key(title), replace(draft.facts, title=title), draft.rating or 0.0)


def _order(film: Film) -> tuple[str, str, float]:
    return film.key, film.facts.date.text() if film.facts.date else "", film.rating


def _repair(
    change: Callable[[Draft], Draft | None],
) -> Callable[[list[Draft]], tuple[list[Draft], int]]:
    def apply(drafts: list[Draft]) -> tuple[list[Draft], int]:
        changed = [(draft, change(draft)) for draft in drafts]
        kept = [draft if new is None else new for draft, new in changed]
        return kept, sum(new is not None for _, new in changed)

    return apply


def _remove(is_met: Callable[[Draft], bool]) -> Callable[[list[Draft]], tuple[list[Draft], int]]:
    def apply(drafts: list[Draft]) -> tuple[list[Draft], int]:
        kept = [draft for draft in drafts if not is_met(draft)]
        return kept, len(drafts) - len(kept)

    return apply


def _remove_groups(
    group_of: Callable[[Draft], Hashable | None],
) -> Callable[[list[Draft]], tuple[list[Draft], int]]:
    def apply(drafts: list[Draft]) -> tuple[list[Draft], int]:
        sizes = Counter(group_of(draft) for draft in drafts)
        kept = [draft for draft in drafts if group_of(draft) is None or sizes[group_of(draft)] == 1]
        return kept, len(drafts) - len(kept)

    return apply


def _with_date(draft: Draft, new: PartialDate | None) -> Draft:
    return replace(draft, facts=replace(draft.facts, date=new))


def _numeric_title(draft: Draft) -> Draft | None:
    if isinstance(draft.title, str) or draft.title is None:
        return None
    is_whole = float(draft.title).is_integer()
    return replace(draft, title=str(int(draft.title)) if is_whole else str(draft.title))


def _century_back(draft: Draft) -> Draft | None:
    day = draft.facts.date
    if day is None or day.year <= LAST_SHOWN_YEAR:
        return None
    return _with_date(draft, replace(day, year=day.year - 100))


def _epoch_date(draft: Draft) -> Draft | None:
    return _with_date(draft, None) if draft.facts.date == PartialDate(1969, 12, 31) else None


def _year_end(draft: Draft) -> Draft | None:
    day = draft.facts.date
    if day is None or (day.month, day.day) != (12, 31) or day.year >= 1997:
        return None
    return _with_date(draft, PartialDate(day.year + 1))


def _year_start(draft: Draft) -> Draft | None:
    day = draft.facts.date
    return _with_date(draft, PartialDate(day.year)) if day is not None and (day.month, day.day) == (1, 1) else None


def _us_gross(draft: Draft) -> Draft | None:
    return replace(draft, us_gross=None) if draft.us_gross == 0 else None


def _worldwide_gross(draft: Draft) -> Draft | None:
    return replace(draft, worldwide_gross=None) if draft.worldwide_gross == 0 else None


def _tiny_budget(draft: Draft) -> Draft | None:
    budget = draft.facts.budget
    if budget is None or budget >= 1000:
        return None
    return replace(draft, facts=replace(draft.facts, budget=None))


def _open_rating(draft: Draft) -> Draft | None:
    if draft.facts.mpaa != "Open":
        return None
    return replace(draft, facts=replace(draft.facts, mpaa="Not Rated"))


def _has_no_title(draft: Draft) -> bool:
    return draft.title is None or (isinstance(draft.title, str) and not draft.title.strip())


def _same_film(draft: Draft) -> Hashable | None:
    return None if draft.votes is None else (draft.rating, draft.votes, draft.title)


def _same_figures(draft: Draft) -> Hashable | None:
    votes = draft.votes
    return None if votes is None or votes < MIN_TWIN_VOTES else (draft.rating, votes)


def _is_disputed(draft: Draft) -> bool:
    if draft.rating is None or draft.tomatoes is None:
        return False
    return abs(10 * draft.rating - draft.tomatoes) > MAX_RATING_GAP


RULES: tuple[Rule, ...] = (
    ("no title", "reject", _remove(_has_no_title)),
    ("numeric title to text", "repair", _repair(_numeric_title)),
    ("year after 2011 is a century late", "repair", _repair(_century_back)),
    ("date Dec 31 1969 is unknown", "repair", _repair(_epoch_date)),
    ("Dec 31 before 1997 is a day of the next year", "repair", _repair(_year_end)),
    ("Jan 01 is a month unknown", "repair", _repair(_year_start)),
    ("US gross 0 is unknown", "repair", _repair(_us_gross)),
    ("worldwide gross 0 is unknown", "repair", _repair(_worldwide_gross)),
    ("budget below 1000 is unknown", "repair", _repair(_tiny_budget)),
    ("MPAA Open is Not Rated", "repair", _repair(_open_rating)),
    ("no rating", "unlabelled", _remove(lambda draft: draft.rating is None)),
    ("same title, rating and votes", "reject", _remove_groups(_same_film)),
    ("different titles, same rating and votes", "reject", _remove_groups(_same_figures)),
    ("critics and public more than 60 apart", "quarantine", _remove(_is_disputed)),
    (
        "fewer than 100 votes",
        "reject",
        _remove(lambda draft: draft.votes is None or draft.votes < MIN_VOTES),
    ),
    ("no date", "reject", _remove(lambda draft: draft.facts.date is None)),
)


def validation(cleaned: Cleaned, source: str) -> dict[str, Any]:
    """The report of the cleaning, as Greenlight's `validation-report` reads it."""
    counts: Counter[str] = Counter()
    for rule in cleaned.rules:
        counts[rule.action] += rule.count
    return {
        "schema": 1,
        "kind": "validation",
        "source": source,
        "readCount": cleaned.read_count,
        "keptCount": len(cleaned.films),
        "rejectedCount": counts["reject"],
        "quarantinedCount": counts["quarantine"],
        "rules": [{"rule": rule.rule, "action": rule.action, "rowCount": rule.count} for rule in cleaned.rules],
    }
