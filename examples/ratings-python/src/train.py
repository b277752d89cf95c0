"""Trains the model: `python -m src.train` writes out/model/model.joblib and lineage.json."""

from __future__ import annotations

from pathlib import Path

from core import model as models
from src import paths

LEAST_FILMS = 100
HERE = Path(__file__).resolve().parent.parent


def train() -> str:
    """The same films and code give the same bytes. Raises InputProblem."""
    films = paths.read_films()
    training, held_out = models.split(films)
    if len(training) < LEAST_FILMS:
        message = f"FILMS_TOO_FEW: {paths.FILMS}: {len(training)} films to train on"
        raise paths.InputProblem(f"{message}, at least {LEAST_FILMS} are wanted; collect more")
    content = models.dump(models.train_model(training))
    version = models.digest(content)[:12]
    paths.write_bytes(paths.MODEL, content)
    lineage = {
        "schema": 1,
        "model": {"version": version, "algorithm": models.ALGORITHM},
        "code": {"files": code_digests()},
        "data": {
            "digest": models.digest(paths.FILMS.read_bytes()),
            "filmCount": len(films),
            "trainCount": len(training),
            "testCount": len(held_out),
        },
        "parameters": models.PARAMETERS,
        "seed": models.SEED,
    }
    paths.write_text(paths.LINEAGE, paths.to_json(lineage))
    return f"trained on {len(training)} films: version {version}"


def code_digests() -> list[dict[str, str]]:
    """Of the files that training runs."""
    files = sorted([*HERE.glob("core/*.py"), HERE / "src/paths.py", HERE / "src/train.py"])
    return [{"path": file.relative_to(HERE).as_posix(), "digest": models.digest(file.read_bytes())} for file in files]


if __name__ == "__main__":
    paths.run(train)
