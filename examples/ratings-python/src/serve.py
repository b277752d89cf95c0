"""Starts the service: `MODEL_PATH=out/model/model.joblib python -m src.serve`."""

from __future__ import annotations

import sys

import uvicorn

from src.service import SettingsProblem, service_from_environment

# What is under way when the service is told to end may take this long.
GRACE_S = 10


def main() -> int:
    """Serves until SIGTERM, then answers what is under way."""
    try:
        app, settings = service_from_environment()
    except (SettingsProblem, OSError, ValueError) as problem:
        print(f"NOT_STARTED: {problem}", file=sys.stderr)
        return 1
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="info",
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
