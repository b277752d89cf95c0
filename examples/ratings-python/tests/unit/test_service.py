"""The HTTP interface, without a socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from core import model
from src import serve
from src.prediction_log import PredictionLog
from src.service import Settings, SettingsProblem, create_app, read_settings
from tests.unit.test_model import made_up

FILM = {"title": "The Matrix", "releaseDate": "1999-03-31", "runningTimeMin": 136}


@pytest.fixture(name="settings", scope="module")
def made_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A model of made-up films, and a log."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "model.joblib").write_bytes(model.dump(model.train_model(made_up(200))))
    return Settings("127.0.0.1", 8000, "r-1", folder / "model.joblib", folder / "log.jsonl")


@pytest.fixture(name="client", scope="module")
def made_client(settings: Settings) -> TestClient:
    """Talks to the app."""
    return TestClient(create_app(settings))


def test_a_prediction_names_its_release_and_model_and_is_logged(client: TestClient, settings: Settings) -> None:
    answer = client.post("/predict", json=FILM)
    assert answer.status_code == 200
    assert answer.headers["x-release-id"] == "r-1"
    body = answer.json()
    assert 0 <= body["rating"] <= 10
    assert settings.prediction_log is not None
    logged = json.loads(settings.prediction_log.read_text(encoding="utf-8").splitlines()[-1])
    assert logged["predictionId"] == body["predictionId"]
    assert logged["request"] == FILM
    assert logged["features"]["log_budget"] is None


def test_a_batch_is_answered_in_order(client: TestClient) -> None:
    films = [FILM, {"title": "X", "majorGenre": "Comedy"}, FILM]
    ratings = [each["rating"] for each in client.post("/predict/batch", json={"films": films}).json()["predictions"]]
    assert ratings[0] == ratings[2] != ratings[1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "X", "productionBudget": -1},
        {"title": "X", "releaseDate": "1999-02-30"},
        {"title": "X", "votes": 3},
        {"title": "X", "runningTimeMin": "long"},
        [],
    ],
)
def test_a_bad_film_is_refused(client: TestClient, body: Any) -> None:
    answer = client.post("/predict", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_health_ready_and_info_name_the_release(client: TestClient) -> None:
    for path in ("/health", "/ready", "/model/info"):
        assert client.get(path).json()["releaseId"] == "r-1"
    assert client.get("/model/info").json()["droppedPredictions"] == 0


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "MODEL_PATH"),
        ({"MODEL_PATH": "m", "PORT": "http"}, "PORT"),
        ({"MODEL_PATH": "m", "PORT": "70000"}, "PORT"),
    ],
)
def test_settings_that_can_t_be_are_told(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsProblem, match=message):
        read_settings(environment)


def test_a_service_without_its_model_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("MODEL_PATH", str(tmp_path / "none.joblib"))
    assert serve.main() == 1
    assert capsys.readouterr().err.startswith("NOT_STARTED: ")


def test_a_log_is_bounded_and_one_that_can_t_be_written_drops_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = PredictionLog(path, max_bytes=100)
    for number in range(20):
        log.append([{"number": number, "text": "x" * 20}])
    assert path.stat().st_size <= 100
    assert (tmp_path / "log.jsonl.1").exists()
    blocked = PredictionLog(tmp_path / "no" / "log.jsonl")
    blocked.append([{}, {}])
    assert blocked.dropped == 2
    PredictionLog(None).append([{}])
