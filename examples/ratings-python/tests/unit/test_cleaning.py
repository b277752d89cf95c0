"""The cleaning rules, on the real films and one by one."""

from __future__ import annotations

from typing import Any

import pytest

from core.cleaning import clean, validation
from core.model import split
from tests.films_source import real_films

GOOD: dict[str, Any] = {
    "Title": "A Film",
    "Release Date": "Jun 12 1998",
    "IMDB Rating": 6.5,
    "IMDB Votes": 1000,
}

REAL_COUNTS = {
    "broken line": 0,
    "no title": 1,
    "numeric title to text": 9,
    "year after 2011 is a century late": 22,
    "date Dec 31 1969 is unknown": 8,
    "Dec 31 before 1997 is a day of the next year": 64,
    "Jan 01 is a month unknown": 18,
    "US gross 0 is unknown": 66,
    "worldwide gross 0 is unknown": 47,
    "budget below 1000 is unknown": 1,
    "MPAA Open is Not Rated": 2,
    "no rating": 213,
    "same title, rating and votes": 46,
    "different titles, same rating and votes": 12,
    "critics and public more than 60 apart": 5,
    "fewer than 100 votes": 48,
    "no date": 3,
}


def test_the_real_films_meet_each_rule_as_often_as_was_counted() -> None:
    cleaned = clean(real_films())
    assert {rule.rule: rule.count for rule in cleaned.rules} == REAL_COUNTS
    report = validation(cleaned, "films")
    assert (report["readCount"], report["keptCount"]) == (3201, 2873)
    assert (report["rejectedCount"], report["quarantinedCount"]) == (110, 5)


def test_the_holdout_is_every_fifth_of_the_real_films_and_disjoint() -> None:
    train, test = split(clean(real_films()).films)
    assert (len(train), len(test)) == (2294, 579)
    assert not {film.key for film in train} & {film.key for film in test}


@pytest.mark.parametrize(
    ("change", "date", "title"),
    [
        ({"Release Date": "Jun 12 2047"}, "1947-06-12", "A Film"),
        ({"Release Date": "Dec 31 1980"}, "1981", "A Film"),
        ({"Release Date": "Jan 01 1998"}, "1998", "A Film"),
        ({"Title": 300}, "1998-06-12", "300"),
    ],
)
def test_a_repair_keeps_the_film(change: dict[str, Any], date: str, title: str) -> None:
    (film,) = clean([{**GOOD, **change}]).films
    assert film.facts.date is not None
    assert (film.facts.date.text(), film.facts.title) == (date, title)


@pytest.mark.parametrize(
    "change",
    [
        {"Title": None},
        {"Title": " "},
        {"IMDB Rating": None},
        {"IMDB Votes": 99},
        {"Release Date": None},
        {"Release Date": "Dec 31 1969"},
        {"Rotten Tomatoes Rating": 1},
    ],
)
def test_such_a_film_is_left_out(change: dict[str, Any]) -> None:
    assert not clean([{**GOOD, **change}]).films


def test_what_is_no_film_is_quarantined_and_the_rest_kept() -> None:
    cleaned = clean([None, 7, "film", {"Title": "B", "IMDB Rating": "high"}, GOOD])
    assert len(cleaned.films) == 1
    assert cleaned.rules[0].count == 4


def test_copies_are_rejected_altogether() -> None:
    assert not clean([GOOD, GOOD]).films
    twin = {**GOOD, "IMDB Votes": 20_000}
    assert not clean([twin, {**twin, "Title": "Another"}]).films
