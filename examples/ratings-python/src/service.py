"""The HTTP interface of the model."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from core import model as models
from core.model import ALGORITHM, Model
from src.prediction_log import PredictionLog
from src.requests import BatchRequest, FilmRequest


class SettingsProblem(Exception):
    """A variable without which the service can't start."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    host: str
    port: int
    release_id: str
    model_path: Path
    prediction_log: Path | None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsProblem."""
    model_path = environment.get("MODEL_PATH", "")
    port = environment.get("PORT", "8000")
    if model_path == "":
        raise SettingsProblem("MODEL_PATH: not set; name the model's file")
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise SettingsProblem(f"PORT: {port!r} is no port")
    log = environment.get("PREDICTION_LOG", "")
    return Settings(
        host=environment.get("HOST", "127.0.0.1"),
        port=int(port),
        release_id=environment.get("RELEASE_ID", "none"),
        model_path=Path(model_path),
        prediction_log=Path(log) if log else None,
    )


def create_app(settings: Settings) -> FastAPI:
    """The whole service; the model is loaded before this returns, so that who listens can answer."""
    app = FastAPI(title="ratings", version="1", docs_url=None, redoc_url=None)
    answers = Answers(models.load(settings.model_path), settings)

    @app.middleware("http")
    async def name_release(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["x-release-id"] = settings.release_id
        return response

    @app.get("/health")
    @app.get("/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok", "releaseId": settings.release_id}

    @app.get("/model/info")
    async def info() -> dict[str, Any]:
        return answers.info()

    @app.post("/predict")
    async def predict(film: FilmRequest) -> dict[str, Any]:
        return answers.answer([film])[0]

    @app.post("/predict/batch")
    def predict_batch(batch: BatchRequest) -> dict[str, Any]:
        return {"predictions": answers.answer(batch.films)}

    return app


class Answers:
    """Asks the model and leaves lines in the prediction log."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._model = model
        self._release_id = settings.release_id
        self._log = PredictionLog(settings.prediction_log)

    def info(self) -> dict[str, Any]:
        """What serves."""
        return {
            "algorithm": ALGORITHM,
            "version": self._model.version,
            "releaseId": self._release_id,
            "features": list(self._model.features.names),
            "droppedPredictions": self._log.dropped,
        }

    def answer(self, films: Sequence[FilmRequest]) -> list[dict[str, Any]]:
        """A rating for each film, in order."""
        ratings = self._model.predict([film.facts() for film in films])
        made = [
            {
                "rating": rating,
                "predictionId": str(uuid.uuid4()),
                "releaseId": self._release_id,
                "modelVersion": self._model.version,
            }
            for rating in ratings
        ]
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._log.append(
            {
                **answer,
                "at": now,
                "request": film.model_dump(exclude_none=True),
                "features": self._features(film),
            }
            for film, answer in zip(films, made, strict=True)
        )
        return made

    def _features(self, film: FilmRequest) -> dict[str, float | None]:
        row = self._model.features.describe(film.facts())
        names = self._model.features.names
        return {name: None if math.isnan(value) else value for name, value in zip(names, row, strict=True)}


def service_from_environment() -> tuple[FastAPI, Settings]:
    """Raises SettingsProblem."""
    settings = read_settings(os.environ)
    return create_app(settings), settings
