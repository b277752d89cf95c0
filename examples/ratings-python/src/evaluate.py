"""Scores the model on the holdout: `python -m src.evaluate` writes evaluation.json and predictions.jsonl."""

from __future__ import annotations

from core import model as models
from core.evaluation import evaluate
from src import paths


def evaluate_model() -> str:
    """Raises InputProblem when there is no model or no holdout."""
    content = paths.read_bytes(paths.MODEL, "train the model first: `python -m src.train`")
    training, held_out = models.split(paths.read_films())
    if not training or not held_out:
        raise paths.InputProblem(f"FILMS_TOO_FEW: {paths.FILMS}: no holdout; collect more films")
    model = models.load(paths.MODEL)
    evaluation, rows = evaluate(model, models.digest(content), training, held_out)
    paths.write_text(paths.EVALUATION, paths.to_json(evaluation))
    paths.write_text(paths.PREDICTIONS, paths.to_jsonl(rows))
    others = ", ".join(f"{each['name']} {each['rmse']:.3f}" for each in evaluation["baselines"])
    return f"RMSE {evaluation['metrics']['rmse']:.3f} on {len(rows)} films; {others}"


if __name__ == "__main__":
    paths.run(evaluate_model)
