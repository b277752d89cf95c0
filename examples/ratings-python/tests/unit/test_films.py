"""Reading films: dates, keys and what is no film."""

from __future__ import annotations

from typing import Any

import pytest

from core.films import NoFilm, PartialDate, film_key, parse_date, read_draft


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Barbarians, The", "thebarbarians"),
        ("Perfect World, A", "aperfectworld"),
        ("King Kong (1933)", "kingkong"),
        ("20,000 Leagues Under the Sea", "20000leaguesunderthesea"),
        ("Alien³", "alien"),
    ],
)
def test_a_key_is_the_same_for_each_spelling(title: str, key: str) -> None:
    assert film_key(title) == key


@pytest.mark.parametrize("text", ["1999", "1999-03", "1999-03-31"])
def test_a_date_is_written_as_it_was_read(text: str) -> None:
    assert parse_date(text).text() == text


@pytest.mark.parametrize("text", ["", "99", "1999-13", "1999-02-30", "1700", "1999-3-1", "1999-03-31T00:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_date(text)


def test_an_unknown_month_comes_before_the_first() -> None:
    assert PartialDate(1999).order() < PartialDate(1999, 1, 1).order() < PartialDate(2000).order()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Title": ["a"]}, "Title"),
        ({"IMDB Rating": 11}, "IMDB Rating"),
        ({"IMDB Votes": "many"}, "IMDB Votes"),
        ({"Production Budget": True}, "Production Budget"),
        ({"Release Date": "2010-01-01"}, "Release Date"),
        ({"Release Date": "Foo 12 1999"}, "Release Date"),
        ({"Release Date": "Feb 30 1999"}, "Release Date"),
        ({"Director": " "}, "Director"),
        ({"Source": "x" * 101}, "Source"),
    ],
)
def test_a_film_with_a_bad_field_is_refused_by_its_name(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoFilm, match=reason):
        read_draft({"Title": "A", **change})


def test_a_film_may_lack_all_but_its_title() -> None:
    draft = read_draft({"Title": "A", "Director": " Jane Doe "})
    assert draft.rating is None
    assert draft.facts.director == "Jane Doe"
