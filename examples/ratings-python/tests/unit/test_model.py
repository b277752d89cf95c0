"""Features, training and evaluation on made-up films of which the answer is known."""

from __future__ import annotations

import math
from pathlib import Path

import joblib
import pytest

from core import features, model
from core.cleaning import Film
from core.evaluation import evaluate
from core.films import Facts, PartialDate, film_key


def made_up(count: int) -> list[Film]:
    """Dramas are good, and long dramas better."""
    films = []
    for number in range(count):
        is_drama = number % 2 == 0
        minutes = 80 + number % 60
        title = f"Film {number}"
        facts = Facts(
            title=title,
            date=PartialDate(1980 + number % 25, 1 + number % 12, 1 + number % 28),
            minutes=minutes,
            budget=1_000_000 * (1 + number % 40) if number % 3 else None,
            genre="Drama" if is_drama else "Comedy",
            director=f"Director {number % 9}",
        )
        films.append(Film(film_key(title), facts, 7 + minutes / 100 if is_drama else 4.0))
    return films


def test_a_director_is_known_by_earlier_films_only() -> None:
    first, second = (
        Film("a", Facts("A", PartialDate(1990), director="Doe"), 9.0),
        Film("b", Facts("B", PartialDate(1995), director="Doe"), 5.0),
    )
    fitted = features.fit([first, second])
    names = fitted.names
    prior, count = names.index("director_prior"), names.index("director_films")
    assert [fitted.describe(film.facts)[count] for film in (first, second)] == [0, 1]
    assert fitted.describe(first.facts)[prior] == pytest.approx(7.0)
    assert fitted.describe(second.facts)[prior] == pytest.approx((9 + 3 * 7) / 4)
    undated = fitted.describe(Facts("C", director="Doe"))
    assert undated[count] == 2


def test_a_value_that_was_never_seen_and_a_missing_one_have_columns_of_their_own() -> None:
    fitted = features.fit(made_up(50))
    names = fitted.names
    row = fitted.describe(Facts("X", genre="Opera for Whales"))
    assert row[names.index("genre=(other)")] == 1
    assert row[names.index("source=(missing)")] == 1
    assert row[names.index("genre=Drama")] == 0
    assert math.isnan(row[names.index("minutes")])
    assert len(row) == len(names)


def test_a_model_learns_what_there_is_to_learn_and_survives_its_file(tmp_path: Path) -> None:
    train, test = model.split(made_up(600))
    trained = model.train_model(train)
    content = model.dump(trained)
    assert model.dump(model.train_model(train)) == content
    path = tmp_path / "model.joblib"
    path.write_bytes(content)
    loaded = model.load(path)
    facts = [film.facts for film in test]
    assert loaded.predict(facts) == trained.predict(facts)
    assert not loaded.predict([])
    evaluation, rows = evaluate(loaded, model.digest(content), train, test)
    assert evaluation["metrics"]["rmse"] < 0.1
    assert evaluation["metrics"]["rmse"] < evaluation["baselines"][0]["rmse"]
    assert (evaluation["testCount"], len(rows)) == (len(test), len(test))
    assert sum(each["count"] for each in evaluation["slices"]) == len(test)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.joblib"
    joblib.dump({"schema": 2}, path)
    with pytest.raises(ValueError, match="no model of schema 1"):
        model.load(path)
