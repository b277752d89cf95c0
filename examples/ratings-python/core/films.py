"""Films as the source writes them, and as the rest of the code reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_DOLLARS = 5_000_000_000
MAX_LABEL = 100
_RAW_DATE = re.compile(r"([A-Z][a-z]{2}) (\d{2}) (\d{4})")


class NoFilm(ValueError):
    """A line of the source that can't be read as a film; the message says why."""


@dataclass(frozen=True)
class PartialDate:
    """A date as exact as it is known; a day never without its month."""

    year: int
    month: int | None = None
    day: int | None = None

    def text(self) -> str:
        """`yyyy`, `yyyy-mm` or `yyyy-mm-dd`."""
        parts = [f"{self.year:04d}"]
        if self.month is not None:
            parts.append(f"{self.month:02d}")
            if self.day is not None:
                parts.append(f"{self.day:02d}")
        return "-".join(parts)

    def order(self) -> int:
        """A number that sorts dates; an unknown month or day counts as before the first."""
        return self.year * 10_000 + (self.month or 0) * 100 + (self.day or 0)


def parse_date(text: str) -> PartialDate:
    """The inverse of `PartialDate.text`. Raises ValueError for anything else, or no date of the calendar."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    if match is None:
        raise ValueError("must be yyyy-mm-dd, yyyy-mm or yyyy")
    year, month, day = (None if part is None else int(part) for part in match.groups())
    if year is None or not 1888 <= year <= 2100:
        raise ValueError("must be of the years 1888 to 2100")
    date(year, month or 1, day or 1)
    return PartialDate(year, month, day)


@dataclass(frozen=True)
class Facts:
    """What is known of a film before its release. Money in US dollars, times in minutes."""

    title: str
    date: PartialDate | None = None
    budget: float | None = None
    minutes: float | None = None
    mpaa: str | None = None
    genre: str | None = None
    creative_type: str | None = None
    source: str | None = None
    distributor: str | None = None
    director: str | None = None


@dataclass(frozen=True)
class Draft:
    """A film on its way through the cleaning rules."""

    title: str | float | None
    facts: Facts
    us_gross: float | None = None
    worldwide_gross: float | None = None
    tomatoes: float | None = None
    rating: float | None = None
    votes: int | None = None


def read_draft(raw: Mapping[str, Any]) -> Draft:
    """Reads one film of vega-datasets' `movies.json`. Raises NoFilm."""
    title = raw.get("Title")
    if isinstance(title, bool) or not isinstance(title, (str, int, float, type(None))):
        raise NoFilm("Title: no text")
    votes = _number(raw, "IMDB Votes", 0, 1e9)
    return Draft(
        title=title,
        facts=Facts(
            title="",
            date=_raw_date(raw.get("Release Date")),
            budget=_number(raw, "Production Budget", 0, MAX_DOLLARS),
            minutes=_number(raw, "Running Time min", 1, 1000),
            mpaa=_label(raw, "MPAA Rating"),
            genre=_label(raw, "Major Genre"),
            creative_type=_label(raw, "Creative Type"),
            source=_label(raw, "Source"),
            distributor=_label(raw, "Distributor"),
            director=_label(raw, "Director"),
        ),
        us_gross=_number(raw, "US Gross", 0, MAX_DOLLARS),
        worldwide_gross=_number(raw, "Worldwide Gross", 0, MAX_DOLLARS),
        tomatoes=_number(raw, "Rotten Tomatoes Rating", 0, 100),
        rating=_number(raw, "IMDB Rating", 0, 10),
        votes=None if votes is None else int(votes),
    )


def film_key(title: str) -> str:
    """The key by which a film is told apart: an article moved to the front, no year, only a-z and 0-9."""
    moved = re.sub(r"^(.*), (The|A|An)$", r"\2 \1", title)
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(\d{4}\)", "", moved).lower())


def _number(raw: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise NoFilm(f"{name}: no number from {low:g} to {high:g}")
    return float(value)


def _label(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else ""
    if not 0 < len(text) <= MAX_LABEL:
        raise NoFilm(f"{name}: no text of 1 to {MAX_LABEL} characters")
    return text


def _raw_date(value: object) -> PartialDate | None:
    if value is None:
        return None
    match = _RAW_DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] not in MONTHS:
        raise NoFilm('Release Date: no date like "Jun 12 1998"')
    month, day, year = MONTHS.index(match[1]) + 1, int(match[2]), int(match[3])
    try:
        date(year, month, day)
    except ValueError as error:
        raise NoFilm(f"Release Date: {error}") from error
    return PartialDate(year, month, day)
