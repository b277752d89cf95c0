"""The real films where npm put them; never copied."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

PACKAGED = "node_modules/vega-datasets/data/movies.json"


def source_path() -> Path:
    """FILMS_SOURCE, else the package of the nearest folder upward; the test is skipped where there is none."""
    named = os.environ.get("FILMS_SOURCE")
    if named:
        return Path(named)
    for folder in Path(__file__).resolve().parents:
        if (folder / PACKAGED).is_file():
            return folder / PACKAGED
    raise pytest.skip.Exception("no films: run `npm install`, or name a file in FILMS_SOURCE")


def real_films() -> list[dict[str, Any]]:
    """The films as the source writes them."""
    films: list[dict[str, Any]] = json.loads(source_path().read_text(encoding="utf-8"))
    return films
