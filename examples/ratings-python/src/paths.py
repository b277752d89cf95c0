"""Where the commands read and write, relative to the folder in which they run, and how they end when they can't."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from core.cleaning import Film
from core.films import Facts, parse_date

RAW_FILMS = Path("data/films.raw.jsonl")
FILMS = Path("data/films.jsonl")
VALIDATION = Path("data/validation.json")
MODEL = Path("out/model/model.joblib")
LINEAGE = Path("out/model/lineage.json")
EVALUATION = Path("out/evaluation/evaluation.json")
PREDICTIONS = Path("out/evaluation/predictions.jsonl")
MAX_FILMS = 1_000_000


class InputProblem(Exception):
    """Something outside of the code is not as it must be; the message says what and how to mend it."""


def run(command: Callable[[], str]) -> None:
    """Prints what the command says. A problem is one line and exit status 1; a bug keeps its traceback."""
    try:
        print(command())
    except InputProblem as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)


def write_text(path: Path, content: str) -> None:
    """Whole or not at all."""
    write_bytes(path, content.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def to_json(value: object) -> str:
    """As files of one document are written."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def to_jsonl(values: Iterable[object]) -> str:
    """A line for each value."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def read_bytes(path: Path, remedy: str) -> bytes:
    """The whole file. Raises InputProblem."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputProblem(f"FILE_UNREADABLE: {path}: {error.strerror}; {remedy}") from error


def read_jsonl(path: Path, remedy: str) -> Iterator[Any]:
    """The values of all lines, blank ones aside; `None` for a line that is no JSON. Raises InputProblem."""
    for line in read_bytes(path, remedy).decode("utf-8", "replace").split("\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def film_to_json(film: Film) -> dict[str, Any]:
    """A line of films.jsonl."""
    facts = {**vars(film.facts), "date": film.facts.date.text() if film.facts.date else None}
    return {"key": film.key, "facts": facts, "rating": film.rating}


def read_films() -> list[Film]:
    """The clean films. Raises InputProblem."""
    films: list[Film] = []
    for value in read_jsonl(FILMS, "clean the films first: `python -m src.clean`"):
        try:
            facts = dict(value["facts"])
            facts["date"] = None if facts["date"] is None else parse_date(facts["date"])
            films.append(Film(value["key"], Facts(**facts), float(value["rating"])))
        except (KeyError, TypeError, ValueError) as error:
            message = f"FILMS_INVALID: {FILMS}: no clean film ({error}); clean the films again"
            raise InputProblem(message) from error
    return films
