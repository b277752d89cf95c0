"""The model without its server: requests to it come in as JSON lines, what it would answer goes out as JSON lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core import model as models
from core.model import Model
from src import paths
from src.requests import BatchRequest, FilmRequest


def score(lines: Iterable[str], model: Model) -> Iterator[dict[str, Any]]:
    """One answer for each request that asks for ratings and that the service would accept."""
    for line in lines:
        if not line.strip():
            continue
        request = json.loads(line)
        try:
            body = _answer(request.get("path"), request.get("body"), model)
        except ValidationError:
            continue
        if request.get("method") == "POST" and body is not None:
            yield {"id": request["id"], "status": 200, "body": body}


def _answer(path: object, body: object, model: Model) -> dict[str, Any] | None:
    if path == "/predict":
        return _rate([FilmRequest.model_validate(body)], model)[0]
    if path == "/predict/batch":
        return {"predictions": _rate(BatchRequest.model_validate(body).films, model)}
    return None


def _rate(films: list[FilmRequest], model: Model) -> list[dict[str, Any]]:
    ratings = model.predict([film.facts() for film in films])
    return [{"rating": rating, "modelVersion": model.version} for rating in ratings]


def main() -> str:
    """Reads standard input. Raises InputProblem."""
    path = Path(os.environ.get("MODEL_PATH", ""))
    paths.read_bytes(path, "name the model's file in MODEL_PATH")
    return "\n".join(json.dumps(answer) for answer in score(sys.stdin, models.load(path)))


if __name__ == "__main__":
    paths.run(main)
