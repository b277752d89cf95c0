"""Fits scikit-learn's HistGradientBoostingRegressor on an exported matrix; prints one line of JSON."""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor


def main() -> None:
    """Usage: fit_sklearn.py FOLDER, which holds problem.json and the matrices it names."""
    folder = Path(sys.argv[1])
    problem = json.loads((folder / "problem.json").read_text())
    train, targets = read_matrix(folder / "train.f64", problem["trainCount"], problem["columnCount"])
    parameters = problem["parameters"]
    model = HistGradientBoostingRegressor(
        learning_rate=parameters["learningRate"],
        max_iter=parameters["rounds"],
        max_leaf_nodes=parameters["maxLeaves"],
        min_samples_leaf=parameters["minSamplesLeaf"],
        l2_regularization=parameters["l2"],
        early_stopping=False,
        random_state=problem["seed"],
    )
    start = time.perf_counter()
    model.fit(train, targets)
    fit_ms = 1000 * (time.perf_counter() - start)
    peak_bytes = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    test, _ = read_matrix(folder / "test.f64", problem["testCount"], problem["columnCount"])
    predictions = model.predict(test).tolist()
    print(json.dumps({"fitMs": fit_ms, "peakBytes": peak_bytes, "predictions": predictions}))


def read_matrix(path: Path, row_count: int, column_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Little-endian doubles, column by column, the targets last."""
    matrix = np.fromfile(path, dtype="<f8").reshape((row_count, column_count + 1), order="F")
    return matrix[:, :-1], np.ascontiguousarray(matrix[:, -1])


if __name__ == "__main__":
    main()
