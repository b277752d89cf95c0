"""Collects the films: `FILMS_SOURCE=…/movies.json python -m src.collect` writes data/films.raw.jsonl."""

from __future__ import annotations

import json
import os
from pathlib import Path

from src import paths


def collect() -> str:
    """
    Copies the list of films that FILMS_SOURCE names into a line for each. The licence of vega-datasets covers its code
    only: its films are read where the package lies, and what is written here is never committed.
    """
    source = os.environ.get("FILMS_SOURCE", "")
    if source == "":
        raise paths.InputProblem("SOURCE_MISSING: FILMS_SOURCE: not set; name a JSON file of films")
    content = paths.read_bytes(Path(source), "run `npm install`, or name another file in FILMS_SOURCE")
    try:
        films = json.loads(content)
    except ValueError as error:
        raise paths.InputProblem(f"SOURCE_UNREADABLE: {source}: {error}; name a JSON file") from error
    if not isinstance(films, list) or len(films) > paths.MAX_FILMS:
        message = f"SOURCE_UNREADABLE: {source}: no list of at most {paths.MAX_FILMS} films"
        raise paths.InputProblem(f"{message}; name another file in FILMS_SOURCE")
    paths.write_text(paths.RAW_FILMS, paths.to_jsonl(films))
    return f"collected {len(films)} films into {paths.RAW_FILMS}"


if __name__ == "__main__":
    paths.run(collect)
