import {
  benchmark,
  bundle,
  defineProject,
  deploy,
  health,
  modelGate,
  pipeline,
  pullRequest,
  push,
  pythonPackages,
  report,
  smokeTests,
  step,
  type EnvironmentDefinition,
} from "greenlight";
import { processes } from "greenlight/targets";
import { python } from "greenlight/toolkits";

// The films lie in an npm package; their path is all that the service knows of it.
const FILMS_SOURCE = "../../node_modules/vega-datasets/data/movies.json";
// Beside other work, threads for so small a model only wait for each other.
const variables = { OMP_NUM_THREADS: "1" };
const sources = ["core", "src", "tests"];
// What the commands run with: a new lock or another Python is a reason to run them again.
const runtime = ["requirements-dev.txt", ".venv/pyvenv.cfg"];

const predictions = [{ method: "POST", path: "/predict" }] as const;
const film = { title: "The Matrix", releaseDate: "1999-03-31", productionBudget: 65_000_000, runningTimeMin: 136 };
const golden: Pick<EnvironmentDefinition, "record" | "replay"> = {
  record: { requests: predictions },
  replay: {
    requests: predictions,
    samples: goldenFilms().map((body) => ({ method: "POST", path: "/predict", body })),
    score: { run: ".venv/bin/python -m src.score" },
    minimum: 5,
  },
};
const environments: Record<string, EnvironmentDefinition> = {
  staging: {
    target: processes({ port: port("STAGING_PORT", 8011), startTimeoutMs: 120_000 }),
    branches: ["develop"],
    ...golden,
    configuration: variables,
  },
  production: {
    target: processes({ port: port("PRODUCTION_PORT", 8010), startTimeoutMs: 120_000 }),
    branches: ["main"],
    ...golden,
    approval: { expiresAfter: "24h" },
    configuration: variables,
  },
};

const environment = python.environment({
  with: "pip",
  requirements: ["requirements-dev.txt"],
  python: process.env["PYTHON"] ?? "python3",
});
const needs = { environment };

const quality = python.quality({
  needs,
  paths: sources,
  requirements: ["requirements.txt"],
  // A test asserts; that is what Bandit would find there.
  options: { bandit: { paths: ["core", "src"] } },
});
const tests = { needs, inputs: [...sources.map((each) => `${each}/**/*.py`), "pyproject.toml", ...runtime] };
const films = ["vega-datasets"];
const unitTests = { ...python.unitTests({ ...tests, coverageFloor: 85, paths: ["tests/unit"] }), packages: films };
const integrationTests = python.integrationTests(tests);

// Real films → clean films → model → its evaluation on films that it has not seen.
const rawFilms = step("collect films", {
  run: ".venv/bin/python -m src.collect",
  needs,
  inputs: ["src/collect.py", "src/paths.py", ...runtime],
  packages: films,
  variables: { FILMS_SOURCE },
  outputs: { raw: "data/films.raw.jsonl" },
});
const clean = step("clean films", {
  run: ".venv/bin/python -m src.clean",
  needs: { environment, rawFilms },
  inputs: ["src/clean.py", "src/paths.py", "core/cleaning.py", "core/films.py", ...runtime],
  outputs: { films: "data/films.jsonl", report: "data/validation.json" },
  evidence: [{ format: "validation-report", path: "data/validation.json", tool: "cleaning rules" }],
});
const training = ["src/train.py", "src/paths.py", "core/**/*.py", ...runtime];
const model = step("train", {
  run: ".venv/bin/python -m src.train",
  needs: { environment, clean },
  inputs: training,
  variables,
  outputs: { model: "out/model" },
});
const evaluation = step("evaluate", {
  run: ".venv/bin/python -m src.evaluate",
  needs: { environment, clean, model },
  inputs: [...training, "src/evaluate.py"],
  variables,
  outputs: { evaluation: "out/evaluation/evaluation.json", predictions: "out/evaluation/predictions.jsonl" },
  evidence: [{ format: "model-evaluation", path: "out/evaluation/evaluation.json", tool: "evaluation" }],
});
const gate = modelGate({ model, evaluation, file: "model.joblib" });

// The service, its locked packages and its model as one release, which the Python of the host starts.
const packages = pythonPackages({ needs });
const release = bundle({
  runtime: "python",
  needs: { packages, clean, model, gate },
  packages: "packages",
  files: ["core/**/*.py", "src/**/*.py"],
  module: "src.serve",
  model: { need: "model", output: "model", file: "model.joblib" },
  data: { films: { need: "clean", output: "films" } },
  environments,
});

const checks = [
  {
    name: "a film gets a rating",
    method: "POST",
    path: "/predict",
    body: film,
    expect: { status: 200, fields: { rating: { min: 0, max: 10 }, predictionId: "string" }, release: true },
  },
  {
    name: "a bad film is refused",
    method: "POST",
    path: "/predict",
    body: { title: "X", productionBudget: -1 },
    expect: { status: 422 },
  },
  { name: "the model tells what it is", path: "/model/info", expect: { status: 200, release: true } },
] as const;
const request = { method: "POST", path: "/predict", body: film } as const;
// A prediction takes milliseconds, but on a machine that others share it may take a hundred times as long.
const roundMs = 1500;

const staging = deploy("staging", { needs: { release }, smoke: checks });
const stagingSmoke = smokeTests("staging", { deployment: staging, checks });
const baseline = benchmark("staging", {
  name: "baseline staging",
  deployment: staging,
  after: [stagingSmoke],
  request,
  roundMs,
});
const production = deploy("production", { needs: { release, staging, stagingSmoke, baseline }, smoke: checks });
const productionSmoke = smokeTests("production", { deployment: production, checks });
// Nothing else runs beside a measurement.
const latency = benchmark("production", {
  deployment: production,
  after: [productionSmoke],
  request,
  baseline,
  roundMs,
});

export default defineProject({
  name: "ratings",
  environments,
  pipelines: {
    delivery: pipeline({
      on: [push("main", "develop"), pullRequest("main", "develop")],
      stages: {
        quality: [environment, quality],
        test: [unitTests, integrationTests],
        build: [rawFilms, clean, model, evaluation, gate, packages, release],
        deploy: [staging, stagingSmoke, baseline, production],
        after: [productionSmoke, latency, health({ deployments: { staging, production }, after: [latency] })],
      },
      finally: [report()],
    }),
  },
});

/** Films that touch the model where it may go wrong: all facts and none, a value that it never saw, dates of each kind. */
function goldenFilms(): readonly Readonly<Record<string, string | number>>[] {
  return [
    film,
    { title: "Nothing Is Known" },
    { title: "Only a Year", releaseDate: "2010" },
    { title: "A Month", releaseDate: "2004-07", majorGenre: "Comedy", productionBudget: 1000 },
    { title: "Of Its Own Kind", majorGenre: "Opera for Whales", distributor: "Nobody", director: "Never Heard Of" },
    { title: "By Somebody Known", releaseDate: "2008-07-18", mpaaRating: "PG-13", director: "Christopher Nolan" },
  ];
}

/** A port from the environment, for a machine on which the usual one is taken. */
function port(variable: string, usual: number): number {
  return Number(process.env[variable] ?? usual);
}
