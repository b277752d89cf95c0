"""The four commands and the scorer, in a folder of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import model
from src import clean, collect, evaluate, paths, score, train


@pytest.fixture(name="own_folder", autouse=True)
def in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a folder and no FILMS_SOURCE."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FILMS_SOURCE", raising=False)
    return tmp_path


def made_up_source(folder: Path, count: int) -> str:
    """A file of films that pass all rules."""
    films = [
        {
            "Title": f"Film {number}",
            "Release Date": f"Jun {1 + number % 28:02d} {1980 + number % 30}",
            "IMDB Rating": 4 + number % 5,
            "IMDB Votes": 1000 + number,
            "Production Budget": 1_000_000 * (1 + number % 40),
            "Running Time min": 80 + 10 * (number % 5),
            "Major Genre": "Drama" if number % 2 else "Comedy",
        }
        for number in range(count)
    ]
    path = folder / "source.json"
    path.write_text(json.dumps(films), encoding="utf-8")
    return str(path)


def test_the_commands_lead_from_films_to_an_evaluation_and_answers(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILMS_SOURCE", made_up_source(own_folder, 400))
    assert collect.collect() == "collected 400 films into data/films.raw.jsonl"
    assert clean.clean_films() == "kept 400 of 400 films"
    assert train.train().startswith("trained on ")
    assert evaluate.evaluate_model().startswith("RMSE 0.")
    evaluation = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    lineage = json.loads(paths.LINEAGE.read_text(encoding="utf-8"))
    assert evaluation["digest"][:12] == lineage["model"]["version"]
    assert "core/features.py" in [file["path"] for file in lineage["code"]["files"]]
    assert len(paths.read_films()) == 400

    trained = model.load(paths.MODEL)
    requests: list[dict[str, Any]] = [
        {"id": "1", "method": "POST", "path": "/predict", "body": {"title": "X"}},
        {"id": "2", "method": "POST", "path": "/predict", "body": {"title": ""}},
        {
            "id": "3",
            "method": "POST",
            "path": "/predict/batch",
            "body": {"films": [{"title": "X"}]},
        },
        {"id": "4", "method": "GET", "path": "/health"},
    ]
    lines = [*(json.dumps(request) for request in requests), ""]
    first, third = list(score.score(lines, trained))
    assert first["body"] == third["body"]["predictions"][0]
    assert 0 <= first["body"]["rating"] <= 10
    monkeypatch.setenv("MODEL_PATH", str(paths.MODEL))
    monkeypatch.setattr("sys.stdin", iter(lines))
    assert len(score.main().splitlines()) == 2


@pytest.mark.parametrize(
    ("prepare", "command", "code"),
    [
        ("", collect.collect, "SOURCE_MISSING"),
        ("source=gone.json", collect.collect, "FILE_UNREADABLE"),
        ("source={", collect.collect, "SOURCE_UNREADABLE"),
        ("source={}", collect.collect, "SOURCE_UNREADABLE"),
        ("", clean.clean_films, "FILE_UNREADABLE"),
        ("raw=no json\n\n{}\n", clean.clean_films, "FILMS_NONE"),
        ("", train.train, "FILE_UNREADABLE"),
        ("films={}\n", train.train, "FILMS_INVALID"),
        ("films=not json\n", train.train, "FILMS_INVALID"),
        ("films=\n", train.train, "FILMS_TOO_FEW"),
        ("", evaluate.evaluate_model, "FILE_UNREADABLE"),
        ("model=x", evaluate.evaluate_model, "FILMS_TOO_FEW"),
        ("", score.main, "FILE_UNREADABLE"),
    ],
)
def test_bad_input_is_told_by_code_place_and_remedy(
    prepare: str, command: Any, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, _, content = prepare.partition("=")
    monkeypatch.setenv("MODEL_PATH", "none.joblib")
    if kind == "source":
        monkeypatch.setenv("FILMS_SOURCE", "source.json" if "{" in content else content)
        paths.write_text(Path("source.json"), content)
    elif kind == "model":
        paths.write_text(paths.MODEL, content)
        paths.write_text(paths.FILMS, "\n")
    elif kind:
        paths.write_text({"raw": paths.RAW_FILMS, "films": paths.FILMS}[kind], content)
    with pytest.raises(paths.InputProblem, match=f"^{code}: .*; "):
        command()


def test_a_problem_ends_a_command_with_one_line_and_status_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths.run(lambda: "done")
    with pytest.raises(SystemExit) as ended:
        paths.run(collect.collect)
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == "done\n"
    assert printed.err.count("\n") == 1
