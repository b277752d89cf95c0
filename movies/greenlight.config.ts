import {
  benchmark,
  bundle,
  defineProject,
  deploy,
  fromEnvironment,
  health,
  modelGate,
  optional,
  pipeline,
  pullRequest,
  push,
  report,
  smokeTests,
  step,
  uploadFindings,
  type EnvironmentDefinition,
  type EnvironmentSecret,
} from "greenlight";
import { github } from "greenlight/codehosts";
import { processes } from "greenlight/targets";
import { codecovUpload, node } from "greenlight/toolkits";

// Requests that change nothing: they are recorded, and the next release has to answer them like its own model does offline.
const predictions = [
  { method: "POST", path: "/predict" },
  { method: "POST", path: "/predict/*" },
] as const;
const golden: Pick<EnvironmentDefinition, "record" | "replay"> = {
  record: { requests: predictions },
  replay: {
    requests: predictions,
    samples: goldenFilms().map((film) => ({ method: "POST", path: "/predict/movie", body: film })),
    score: { run: "node src/score.ts" },
    minimum: 5,
  },
};

const environments: Record<string, EnvironmentDefinition> = {
  staging: {
    target: processes({ port: port("STAGING_PORT", 8001) }),
    branches: ["develop"],
    ...golden,
    configuration: { LOG_LEVEL: "info" },
    secrets: credentials("DEV"),
  },
  production: {
    target: processes({ port: port("PRODUCTION_PORT", 8000) }),
    branches: ["main"],
    ...golden,
    approval: { expiresAfter: "24h" },
    configuration: { LOG_LEVEL: "warn" },
    secrets: credentials("PROD"),
  },
};

// Real films → clean films → model → its evaluation on films it has not seen.
const films = step("collect films", {
  run: "node src/collect.ts",
  inputs: ["src/collect.ts", "src/collector/**", "src/films/**", "!**/*.test.ts", ...ownFilms()],
  env: ["FILMS_FILE"],
  packages: ["vega-datasets", "zod"],
  outputs: { raw: "data/films.raw.jsonl" },
});
const clean = step("clean films", {
  run: "node src/clean.ts",
  needs: { films },
  inputs: ["src/clean.ts", "src/films/**", "!**/*.test.ts"],
  packages: ["zod"],
  outputs: { films: "data/films.jsonl", quarantine: "data/quarantine.jsonl", report: "data/validation.json" },
  evidence: [{ format: "validation-report", path: "data/validation.json", tool: "cleaning rules" }],
});
const model = step("train", {
  run: "node src/train.ts",
  needs: { clean },
  inputs: ["src/train.ts", "src/films/**", "src/features/**", "src/model/**", "!**/*.test.ts", "!**/testing/**"],
  packages: ["zod"],
  outputs: { model: "out/model" },
});
const evaluation = step("evaluate", {
  run: "node src/evaluate.ts",
  needs: { clean, model },
  inputs: ["src/evaluate.ts", "src/films/**", "src/features/**", "src/model/**", "!**/*.test.ts", "!**/testing/**"],
  packages: ["zod"],
  outputs: { evaluation: "out/evaluation/evaluation.json", predictions: "out/evaluation/predictions.jsonl" },
  evidence: [{ format: "model-evaluation", path: "out/evaluation/evaluation.json", tool: "evaluation" }],
});
const gate = modelGate({ model, evaluation });

const unitTests = node.unitTests({ coverageFloor: 85 });
// For whoever has an account there; elsewhere both uploads say that there is nobody to tell.
const codecov = codecovUpload({ of: [unitTests], files: ["coverage/lcov.info"] });
const written = report();
const securityTab = uploadFindings({ report: written });

// The service and its model as one release that starts offline.
const compiled = node.compile();
const release = bundle({
  needs: { compiled, clean, model, gate },
  files: ["dist/**", "package.json"],
  entry: "dist/api/main.js",
  model: { need: "model", output: "model", file: "model.json" },
  data: { films: { need: "clean", output: "films" } },
  environments,
});

const film = {
  title: "The Matrix",
  releaseDate: "1999-03-31",
  productionBudget: 65_000_000,
  runningTimeMin: 136,
  mpaaRating: "R",
};
const checks = [
  {
    name: "a film gets a rating",
    method: "POST",
    path: "/predict",
    body: film,
    expect: { status: 200, fields: { rating: { min: 0, max: 10 }, predictionId: "string" }, release: true },
  },
  {
    name: "a bad film is refused with its field",
    method: "POST",
    path: "/predict/movie",
    body: { title: "X", productionBudget: -1 },
    expect: { status: 400 },
  },
  {
    name: "a batch gets as many ratings",
    method: "POST",
    path: "/predict/batch",
    body: { films: [film, film] },
    expect: { status: 200 },
  },
  { name: "the model tells what it is", path: "/model/info", expect: { status: 200 } },
  { name: "the documentation is there", path: "/docs/json", expect: { status: 200 } },
] as const;
const request = { method: "POST", path: "/predict", body: film } as const;

const staging = deploy("staging", { needs: { release }, smoke: checks });
const stagingSmoke = smokeTests("staging", { deployment: staging, checks });
const baseline = benchmark("staging", {
  name: "baseline staging",
  deployment: staging,
  after: [stagingSmoke],
  request,
});
const production = deploy("production", { needs: { release, staging, stagingSmoke, baseline }, smoke: checks });
const productionSmoke = smokeTests("production", { deployment: production, checks });
// Nothing else runs beside a measurement.
const latency = benchmark("production", { deployment: production, after: [productionSmoke], request, baseline });

export default defineProject({
  name: "movies",
  environments,
  secrets: { CODECOV_TOKEN: optional(fromEnvironment()) },
  // Told of deployments where GITHUB_REPOSITORY and GITHUB_TOKEN are set, as in its own runs.
  codeHost: github(),
  pipelines: {
    delivery: pipeline({
      on: [push("main", "develop"), pullRequest("main", "develop")],
      stages: {
        // Where the registry tells no advisories, the audit is inconclusive, and warns: see `quality.unreachable`.
        quality: [node.quality(), node.audit()],
        test: [unitTests, node.integrationTests(), codecov],
        build: [films, clean, model, evaluation, gate, compiled, release],
        deploy: [staging, stagingSmoke, baseline, production],
        after: [productionSmoke, latency, health({ deployments: { staging, production }, after: [latency] })],
      },
      finally: [written, securityTab],
    }),
  },
});

/** Films that touch the model where it may go wrong: all facts and none, a category that it never saw, dates of each kind. */
function goldenFilms(): readonly Readonly<Record<string, string | number>>[] {
  return [
    {
      title: "The Matrix",
      releaseDate: "1999-03-31",
      productionBudget: 65_000_000,
      runningTimeMin: 136,
      mpaaRating: "R",
    },
    { title: "Nothing Is Known" },
    { title: "Only a Year", releaseDate: "2010" },
    { title: "A Month", releaseDate: "2004-07", majorGenre: "Comedy", productionBudget: 1000 },
    { title: "Of Its Own Kind", majorGenre: "Opera for Whales", distributor: "Nobody", director: "Never Heard Of" },
    {
      title: "All of It",
      releaseDate: "2008-07-18",
      productionBudget: 185_000_000,
      runningTimeMin: 152,
      mpaaRating: "PG-13",
      majorGenre: "Action",
      creativeType: "Super Hero",
      source: "Based on Comic/Graphic Novel",
      distributor: "Warner Bros.",
      director: "Christopher Nolan",
    },
  ];
}

/** A file of one's own films, relative to this folder, takes the place of the embedded ones. */
function ownFilms(): string[] {
  const path = process.env["FILMS_FILE"] ?? "";
  return path === "" ? [] : [path];
}

/** Staging and production have credentials of their own. Without any, films and models are kept locally. */
function credentials(suffix: "DEV" | "PROD"): Record<string, EnvironmentSecret> {
  const names = ["TMDB_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  return Object.fromEntries(names.map((name) => [name, optional(fromEnvironment(`${name}_${suffix}`))]));
}

/** A port from the environment, for a machine on which the usual one is taken. */
function port(variable: string, usual: number): number {
  return Number(process.env[variable] ?? usual);
}
