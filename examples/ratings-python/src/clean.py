"""Cleans the films: `python -m src.clean` writes data/films.jsonl and data/validation.json."""

from __future__ import annotations

from core.cleaning import clean, validation
from src import paths


def clean_films() -> str:
    """Raises InputProblem when no film is left."""
    cleaned = clean(paths.read_jsonl(paths.RAW_FILMS, "collect the films first: `python -m src.collect`"))
    paths.write_text(paths.VALIDATION, paths.to_json(validation(cleaned, paths.RAW_FILMS.name)))
    if not cleaned.films:
        message = f"FILMS_NONE: {paths.RAW_FILMS}: of {cleaned.read_count} films none is left"
        raise paths.InputProblem(f"{message}; read {paths.VALIDATION} and mend the source")
    paths.write_text(paths.FILMS, paths.to_jsonl(paths.film_to_json(film) for film in cleaned.films))
    return f"kept {len(cleaned.films)} of {cleaned.read_count} films"


if __name__ == "__main__":
    paths.run(clean_films)
