/** Findings of one tool by file, as its own report tells them. */
export type Counts = ReadonlyMap<string, number>;

export interface OwnReport {
  /** As the step names its tool. */
  readonly tool: string;
  /** The report's name, or how it begins and ends. */
  readonly file: RegExp;
  count(text: string): Counts;
}

/**
 * The reports of tools, counted in the simplest way that is right: no code of Greenlight's own readers is used, so that both can be
 * held against each other.
 */
export const OWN_REPORTS: readonly OwnReport[] = [
  {
    tool: "Black",
    file: /^black-report\.txt$/u,
    count: lines(/^(?:would reformat|error: cannot format) (.+?)(?:: .*)?$/u),
  },
  { tool: "isort", file: /^isort-report\.txt$/u, count: lines(/^ERROR: (.+?) Imports are incorrectly/u) },
  { tool: "Flake8", file: /^flake8-report\.txt$/u, count: lines(/^(.+?):\d+:\d+: \S+ /u) },
  { tool: "MyPy", file: /^mypy-report\.json$/u, count: jsonLines("file") },
  { tool: "Pylint", file: /^pylint-report\.json$/u, count: members((each) => each["messages"], "path") },
  { tool: "Bandit", file: /^bandit-report\.json$/u, count: members((each) => each["results"], "filename") },
  {
    tool: "Ruff format",
    file: /^ruff-format-report\.txt$/u,
    count: lines(/^(?:Would reformat: | +--> )(.+?)(?::\d+:\d+)?$/u),
  },
  { tool: "Ruff", file: /^ruff-report\.sarif$/u, count: sarif },
  {
    tool: "prettier",
    file: /^prettier-report\.txt$/u,
    count: lines(/^\[(?:warn|error)\] (?!Code style|Ignored|Error occurred)(.+?)(?:: .*Error: .*)?$/u),
  },
  { tool: "eslint", file: /^eslint-report\.json$/u, count: eslint },
  { tool: "tsc", file: /^tsc-report.*\.txt$/u, count: lines(/^(.+?)\(\d+,\d+\): error /u) },
];

function lines(pattern: RegExp): (text: string) => Counts {
  return (text) => {
    const counts = new Map<string, number>();
    for (const line of text.split(/\r?\n/u)) add(counts, pattern.exec(line)?.[1]);
    return counts;
  };
}

function jsonLines(member: string): (text: string) => Counts {
  return (text) => {
    const counts = new Map<string, number>();
    for (const line of text.split("\n")) {
      if (line.startsWith("{")) add(counts, String((JSON.parse(line) as Record<string, unknown>)[member]));
    }
    return counts;
  };
}

function members(
  list: (document: Readonly<Record<string, unknown>>) => unknown,
  member: string,
): (text: string) => Counts {
  return (text) => {
    const counts = new Map<string, number>();
    const found = list(JSON.parse(text) as Record<string, unknown>);
    for (const each of found as readonly Record<string, unknown>[]) add(counts, String(each[member]));
    return counts;
  };
}

function eslint(text: string): Counts {
  const counts = new Map<string, number>();
  for (const { filePath, messages } of JSON.parse(text) as readonly {
    filePath: string;
    messages: readonly unknown[];
  }[]) {
    if (messages.length > 0) counts.set(filePath, messages.length);
  }
  return counts;
}

function sarif(text: string): Counts {
  const counts = new Map<string, number>();
  const { runs } = JSON.parse(text) as {
    runs: readonly {
      results: readonly { locations: readonly { physicalLocation: { artifactLocation: { uri: string } } }[] }[];
    }[];
  };
  for (const { locations } of runs.flatMap(({ results }) => results)) {
    add(
      counts,
      decodeURIComponent(locations[0]?.physicalLocation.artifactLocation.uri ?? "").replace(/^file:\/\//u, ""),
    );
  }
  return counts;
}

function add(counts: Map<string, number>, file: string | undefined): void {
  if (file !== undefined) counts.set(file, (counts.get(file) ?? 0) + 1);
}
