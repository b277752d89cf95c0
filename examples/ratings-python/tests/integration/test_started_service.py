"""The service as it is really started: a process, a port, a signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core import model
from tests.unit.test_model import made_up

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60


@pytest.fixture(name="started")
def started_service(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """A running service: its process, its address and its log."""
    path = tmp_path / "model.joblib"
    path.write_bytes(model.dump(model.train_model(made_up(200))))
    port = free_port()
    output = tmp_path / "output.log"
    environment = {
        **os.environ,
        "PORT": str(port),
        "MODEL_PATH": str(path),
        "RELEASE_ID": "r-1",
        "PREDICTION_LOG": str(tmp_path / "predictions.jsonl"),
    }
    with output.open("wb") as file:
        with subprocess.Popen(
            [sys.executable, "-m", "src.serve"], cwd=ROOT, env=environment, stdout=file, stderr=file
        ) as process:
            try:
                wait_until_ready(process, f"http://127.0.0.1:{port}", output)
                yield process, f"http://127.0.0.1:{port}", output
            finally:
                process.kill()


def free_port() -> int:
    """Free a moment ago, and of the machine's own choosing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    """Asks until it answers; what the service wrote stands in the failure."""
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/ready", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    pytest.fail(f"the service did not start:\n{output.read_text(encoding='utf-8')}")


def test_it_answers_and_ends_on_term(started: tuple[subprocess.Popen[bytes], str, Path]) -> None:
    process, url, output = started
    answer = httpx.post(f"{url}/predict", json={"title": "The Matrix"}, timeout=20)
    assert answer.status_code == 200
    assert answer.json()["releaseId"] == "r-1"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in (0, -signal.SIGTERM)
    assert "Traceback" not in output.read_text(encoding="utf-8")


def test_requests_side_by_side_are_all_answered(
    started: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    _, url, _ = started
    ratings: list[float] = []

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            for _ in range(10):
                ratings.append(client.post("/predict", json={"title": "X"}).json()["rating"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ratings) == 40
    assert len(set(ratings)) == 1
