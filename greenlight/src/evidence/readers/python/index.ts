import { readBanditJson } from "./bandit-reader.ts";
import { readBlackText } from "./black-reader.ts";
import { readCoveragePyJson } from "./coverage-py-reader.ts";
import { readFlake8Text } from "./flake8-reader.ts";
import { readIsortText } from "./isort-reader.ts";
import { readMypyLines } from "./mypy-reader.ts";
import { readPylintJson } from "./pylint-reader.ts";
import { readRuffFormatText } from "./ruff-format-reader.ts";
import { readPipAuditJson, readSafetyJson } from "./vulnerability-readers.ts";

/** Readers of the reports that the tools of Python write, by format. */
export const PYTHON_READERS = {
  "black-text": readBlackText,
  "isort-text": readIsortText,
  "flake8-text": readFlake8Text,
  "pylint-json2": readPylintJson,
  "mypy-lines": readMypyLines,
  "bandit-json": readBanditJson,
  "safety-json": readSafetyJson,
  "pip-audit-json": readPipAuditJson,
  "ruff-format-text": readRuffFormatText,
  "coverage-py-json": readCoveragePyJson,
} as const;
