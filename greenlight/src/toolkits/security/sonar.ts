import { effectStep, step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";
import { shellWord } from "../shell-word.ts";
import { toolFolder, type ToolOptions } from "../tool-folder.ts";

export interface SonarOptions extends Pick<ToolOptions, "folder" | "name" | "needs" | "timeoutMs"> {
  /** The project's secret that is the token; `SONAR_TOKEN` when left out. */
  readonly token?: "SONAR_TOKEN";
}

/**
 * Analyses the folder with SonarScanner's command line and sends the analysis to SonarCloud, or to SONAR_HOST_URL. All
 * parameters come from `sonar-project.properties`; the token is the project's secret SONAR_TOKEN, which the scanner reads
 * from its environment.
 */
export function sonar(options: SonarOptions = {}): StepDefinition {
  const folder = toolFolder(options.folder);
  const task = folder.report("sonar-report-task.txt");
  const call = `sonar-scanner -Dsonar.scanner.metadataFilePath="$here"/${shellWord(task)}`;
  return step(options.name ?? folder.stepName("sonar"), {
    run: `here=$PWD; ${folder.run(task, call)}`,
    env: ["SONAR_HOST_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "JAVA_HOME", "SONAR_SCANNER_OPTS"],
    secrets: [options.token ?? "SONAR_TOKEN"],
    outputs: { task },
    tool: {
      name: "sonar-scanner",
      program: "sonar-scanner",
      install:
        "take SonarScanner's command line: docs.sonarsource.com/sonarqube-cloud/analyzing-source-code/scanners/sonarscanner-cli",
      package: null,
      versions: null,
      // 1 is a failure of its own or of the server, 2 one of its call or configuration.
      exits: { "2": "misconfigured" },
    },
    timeoutMs: options.timeoutMs ?? 30 * 60_000,
    ...(options.needs === undefined ? {} : { needs: options.needs }),
  });
}

/** Waits until the server has worked the analysis up, and judges the run by its quality gate. */
export function sonarGate(options: {
  readonly scan: StepDefinition;
  readonly name?: string;
  /** Longest time to wait for the server, in seconds; five minutes when left out. */
  readonly waitSeconds?: number;
}): StepDefinition {
  return effectStep(options.name ?? "sonar quality gate", {
    module: "greenlight/effects/sonar-gate",
    export: "sonarGate",
    needs: { scan: options.scan },
    secrets: ["SONAR_TOKEN"],
    args: { waitSeconds: options.waitSeconds ?? 300 },
  });
}
