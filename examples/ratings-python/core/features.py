"""Films as rows of numbers. Fitted on training films only; one function describes a film in training and in service."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cleaning import Film
from core.films import Facts

PRIOR_WEIGHT = 3
NUMERIC = ("log_budget", "year", "month", "minutes", "director_prior", "director_films")
# Fact, how often a value has to occur for a column of its own, and how many values get one.
CATEGORIES = (
    ("mpaa", 5, 100),
    ("genre", 5, 100),
    ("creative_type", 5, 100),
    ("source", 5, 100),
    ("distributor", 1, 20),
)
STILL_TO_COME = 99_999_999

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """What was learnt of the training films. Plain data, so that it travels with the model."""

    mean_rating: float
    values: dict[str, tuple[str, ...]]
    # Director to (order of the date, rating) of the training films, by date.
    directors: dict[str, tuple[tuple[int, float], ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        columns = list(NUMERIC)
        for fact, _, _ in CATEGORIES:
            columns += [f"{fact}={value}" for value in (*self.values[fact], "(other)", "(missing)")]
        return tuple(columns)

    def describe(self, facts: Facts) -> list[float]:
        """One film's columns; NaN is missing."""
        date = facts.date
        prior, films = self._director(facts.director, STILL_TO_COME if date is None else date.order())
        row = [
            math.log10(facts.budget) if facts.budget else math.nan,
            math.nan if date is None else date.year,
            math.nan if date is None or date.month is None else date.month,
            math.nan if facts.minutes is None else facts.minutes,
            prior,
            films,
        ]
        for fact, _, _ in CATEGORIES:
            values = self.values[fact]
            value = getattr(facts, fact)
            columns = [0.0] * (len(values) + 2)
            if value is None:
                columns[-1] = 1.0
            else:
                columns[values.index(value) if value in values else len(values)] = 1.0
            row += columns
        return row

    def matrix(self, all_facts: Sequence[Facts]) -> Matrix:
        """A row for each film."""
        return np.array([self.describe(facts) for facts in all_facts], dtype=np.float64)

    def _director(self, name: str | None, before: int) -> tuple[float, int]:
        """Only films strictly before count: a film never sees itself."""
        earlier = [rating for order, rating in self.directors.get(name or "", ()) if order < before]
        prior = (sum(earlier) + PRIOR_WEIGHT * self.mean_rating) / (len(earlier) + PRIOR_WEIGHT)
        return prior, len(earlier)


def fit(train: Sequence[Film]) -> Features:
    """At least one film."""
    directors: dict[str, list[tuple[int, float]]] = {}
    for film in train:
        if film.facts.director is not None and film.facts.date is not None:
            history = directors.setdefault(film.facts.director, [])
            history.append((film.facts.date.order(), film.rating))
    return Features(
        mean_rating=sum(film.rating for film in train) / len(train),
        values={
            fact: _frequent([getattr(film.facts, fact) for film in train], least, most)
            for fact, least, most in CATEGORIES
        },
        directors={name: tuple(sorted(history)) for name, history in sorted(directors.items())},
    )


def _frequent(values: Sequence[str | None], least: int, most: int) -> tuple[str, ...]:
    counts = Counter(value for value in values if value is not None)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(value for value, count in ranked[:most] if count >= least))
