"""The model: features and gradient boosting, in one file that is only ever loaded by its digest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from core import features
from core.cleaning import Film
from core.features import Features
from core.films import Facts

ALGORITHM = "scikit-learn HistGradientBoostingRegressor"
SEED = 1
PARAMETERS: dict[str, float | int] = {
    "learning_rate": 0.06,
    "max_iter": 200,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
}


def is_held_out(key: str) -> bool:
    """Every fifth film by the first 32 bits of its key's SHA-256."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 5 == 0


def split(films: Sequence[Film]) -> tuple[list[Film], list[Film]]:
    """Training films and the holdout, in their order."""
    train = [film for film in films if not is_held_out(film.key)]
    return train, [film for film in films if is_held_out(film.key)]


@dataclass(frozen=True)
class Model:
    """Predicts the rating of films, 0 to 10."""

    features: Features
    regressor: Any
    version: str

    def predict(self, all_facts: Sequence[Facts]) -> list[float]:
        """A rating for each film, in order."""
        if not all_facts:
            return []
        raw = self.regressor.predict(self.features.matrix(all_facts))
        return [float(rating) for rating in np.clip(raw, 0.0, 10.0)]


def train_model(train: Sequence[Film]) -> Model:
    """The same films give the same model."""
    fitted = features.fit(train)
    regressor = HistGradientBoostingRegressor(random_state=SEED, early_stopping=False, **PARAMETERS)
    regressor.fit(fitted.matrix([film.facts for film in train]), [film.rating for film in train])
    return Model(fitted, regressor, "")


def dump(model: Model) -> bytes:
    """The model file's content."""
    buffer = io.BytesIO()
    joblib.dump({"schema": 1, "features": asdict(model.features), "regressor": model.regressor}, buffer)
    return buffer.getvalue()


def load(path: Path) -> Model:
    """
    Reads a model file. A pickle may run code, so that only files of one's own may be loaded: in service it is the
    release's, whose digest was checked when it was installed. Its version is the start of its SHA-256.
    """
    content = path.read_bytes()
    parts = joblib.load(io.BytesIO(content))
    if not isinstance(parts, dict) or parts.get("schema") != 1:
        raise ValueError(f"{path.name} is no model of schema 1")
    return Model(Features(**parts["features"]), parts["regressor"], digest(content)[:12])


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()
