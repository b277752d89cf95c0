import { fitBoosting } from "../../movies/src/model/boosting.ts";
import { matrixRow } from "../../movies/src/model/matrix.ts";
import { ensemblePredictor } from "../../movies/src/model/tree.ts";
import { readProblem } from "./problem.ts";

// Usage: node fit-ours.ts FOLDER. Fits our trainer on an exported problem; prints one line of JSON, as fit_sklearn.py.

const { parameters, seed, test, train } = await readProblem(process.argv[2] ?? ".");
const start = performance.now();
const { baseline, trees } = fitBoosting(train.matrix, train.targets, parameters, seed);
const fitMs = performance.now() - start;
const peakBytes = 1024 * process.resourceUsage().maxRSS;
const predict = ensemblePredictor(baseline, trees);
const predictions = Array.from(test.targets, (_, row) => predict(matrixRow(test.matrix, row)));
console.log(JSON.stringify({ fitMs, peakBytes, predictions }));
