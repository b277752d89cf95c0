import { effectStep, step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { shellWord } from "../shell-word.ts";
import { toolFolder, type ToolOptions } from "../tool-folder.ts";
import { endByWords, MISCONFIGURED, UNREACHED } from "./by-words.ts";

export interface SonarOptions extends Pick<ToolOptions, "folder" | "name" | "needs" | "timeoutMs"> {
  /** The project's secret that is the token; `SONAR_TOKEN` when left out. */
  readonly token?: "SONAR_TOKEN";
}

/**
 * Analyses the folder with SonarScanner's command line and sends the analysis to SonarCloud, or to SONAR_HOST_URL. All
 * parameters come from `sonar-project.properties`; the token is the project's secret SONAR_TOKEN, which the scanner reads
 * from its environment. A server that can't be reached is inconclusive.
 */
export function sonar(options: SonarOptions = {}): StepDefinition {
  const folder = toolFolder(options.folder);
  const task = folder.report("sonar-report-task.txt");
  // Its working folder would otherwise lie among the files that other steps look at.
  const settings = `-Dsonar.scanner.metadataFilePath=${fromHere(task)} -Dsonar.working.directory=${fromHere(folder.report(".sonar"))}`;
  const log = folder.word(folder.report("sonar.log"));
  const scan = `${endByWords(`sonar-scanner ${settings}`, log, WORDS)}; exit $code`;
  return step(options.name ?? folder.stepName("sonar"), {
    // A pipeline's variable that is not set comes as an empty one, which the scanner takes for an address.
    run: `here=$PWD; [ -n "$SONAR_HOST_URL" ] || unset SONAR_HOST_URL; ${folder.run(task, scan)}`,
    env: [
      "SONAR_HOST_URL",
      "HTTP_PROXY",
      "HTTPS_PROXY",
      "NO_PROXY",
      "JAVA_HOME",
      "SONAR_SCANNER_OPTS",
      "SONAR_USER_HOME",
    ],
    secrets: [options.token ?? "SONAR_TOKEN"],
    outputs: { task },
    tool: {
      name: "sonar-scanner",
      program: "sonar-scanner",
      install:
        "take SonarScanner's command line, and Java 17 or later where it brings none: docs.sonarsource.com/sonarqube-cloud/analyzing-source-code/scanners/sonarscanner-cli, or from Maven Central org.sonarsource.scanner.cli:sonar-scanner-cli (zip)",
      package: null,
      versions: null,
      // Its own 1 and 3 mean any failure of the scanner and of the engine that its server gives it, so its words decide.
      exits: { "2": "misconfigured", [UNREACHED]: "unreachable", [MISCONFIGURED]: "misconfigured" },
    },
    timeoutMs: options.timeoutMs ?? 30 * 60_000,
    ...(options.needs === undefined ? {} : { needs: options.needs }),
  });
}

/** The path as a word of a shell that keeps the project's folder in `$here`; the scanner takes relative ones for its own. */
function fromHere(path: string): string {
  return `"$here"/${shellWord(path)}`;
}

/** As version 7 and the engine of a server of 25 write them; version 4 says "can not be reached" instead. */
const WORDS = {
  unreached:
    "ERROR.*(Call to URL .* failed|failed with HTTP (429|5[0-9][0-9])|can ?not be reached)|Error (429|5[0-9][0-9]) on http|Fail to request url",
  misconfigured:
    "ERROR.*(failed with HTTP 40[134]|not authorized|unrecognized option|Validation of project failed|Invalid value of|mandatory propert)|Could not find 'java'",
};

/** Waits until the server has worked the analysis up, and judges the run by its quality gate. */
export function sonarGate(options: {
  readonly scan: StepDefinition;
  readonly name?: string;
  /** Longest time to wait for the server, in seconds; five minutes when left out. */
  readonly waitSeconds?: number;
}): StepDefinition {
  const { waitSeconds = 300 } = options;
  return effectStep(options.name ?? "sonar quality gate", {
    module: "greenlight/effects/sonar-gate",
    export: "sonarGate",
    needs: { scan: options.scan },
    secrets: ["SONAR_TOKEN"],
    args: { waitSeconds },
    // The last answer may take its time, too.
    timeoutMs: (waitSeconds + 120) * 1000,
  });
}
