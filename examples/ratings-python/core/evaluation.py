"""How good a model is on films that it has not seen, beside a constant and a linear model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.cleaning import Film
from core.model import ALGORITHM, PARAMETERS, SEED, Model

RIDGE_ALPHA = 10.0


def evaluate(
    model: Model, model_digest: str, train: Sequence[Film], test: Sequence[Film]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The contents of evaluation.json and of predictions.jsonl, as Greenlight's model gate reads them."""
    constant = sum(film.rating for film in train) / len(train)
    linear = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), Ridge(alpha=RIDGE_ALPHA))
    linear.fit(model.features.matrix([film.facts for film in train]), [film.rating for film in train])
    facts = [film.facts for film in test]
    ridge = np.clip(linear.predict(model.features.matrix(facts)), 0.0, 10.0)
    rows = [
        {
            "key": f"{film.key} {film.facts.date.text() if film.facts.date else ''}".strip(),
            "title": film.facts.title,
            "actual": film.rating,
            "predicted": predicted,
            "ridge": float(by_ridge),
            "constant": constant,
            "genre": film.facts.genre or "unknown",
        }
        for film, predicted, by_ridge in zip(test, model.predict(facts), ridge, strict=True)
    ]
    evaluation = {
        "schema": 1,
        "kind": "model",
        "algorithm": ALGORITHM,
        "digest": model_digest,
        "featureSet": "A",
        "split": "hash",
        "trainCount": len(train),
        "testCount": len(test),
        "metrics": _metrics(rows, "predicted"),
        "baselines": [{"name": name, **_metrics(rows, name)} for name in ("constant", "ridge")],
        "slices": [_slice(name, rows) for name in sorted({film.facts.genre or "unknown" for film in test})],
        "parameters": dict(PARAMETERS),
        "seed": SEED,
    }
    return evaluation, rows


def _metrics(rows: Sequence[dict[str, Any]], name: str) -> dict[str, float]:
    actual = [row["actual"] for row in rows]
    errors = [row[name] - row["actual"] for row in rows]
    mean = sum(actual) / len(actual)
    variance = sum((value - mean) ** 2 for value in actual)
    squares = sum(error**2 for error in errors)
    return {
        "rmse": math.sqrt(squares / len(rows)),
        "mae": sum(abs(error) for error in errors) / len(rows),
        "r2": 1 - squares / variance if variance > 0 else 0.0,
    }


def _slice(genre: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    own = [row for row in rows if row["genre"] == genre]
    metrics = _metrics(own, "predicted")
    bias = sum(row["predicted"] - row["actual"] for row in own) / len(own)
    return {
        "by": "genre",
        "name": genre,
        "count": len(own),
        "rmse": metrics["rmse"],
        "mae": metrics["mae"],
        "bias": bias,
    }
