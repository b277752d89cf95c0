import { environment } from "./environment.ts";
import { black, isort } from "./formatting.ts";
import { licences } from "./licences.ts";
import { flake8, mypy, pylint, ruffCheck, ruffFormat } from "./linting.ts";
import { quality } from "./quality.ts";
import { bandit, pipAudit, safety } from "./security.ts";
import { integrationTests, unitTests } from "./tests.ts";

/** Steps for a Python service; each runs the tool of the project's own environment. */
export const python = {
  environment,
  quality,
  black,
  isort,
  flake8,
  pylint,
  mypy,
  bandit,
  safety,
  pipAudit,
  licences,
  ruffCheck,
  ruffFormat,
  unitTests,
  integrationTests,
};
