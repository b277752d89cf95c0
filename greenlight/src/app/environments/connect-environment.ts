import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../../deployment/environment.ts";
import { openEnvironment } from "../../deployment/open-environment.ts";
import type { Target, TargetConnection } from "../../deployment/target.ts";
import { modulePath } from "../../engine/manifests/module-path.ts";
import type { EnvironmentDefinition } from "../../pipeline/definition.ts";
import { recordingSettings } from "../gates/recording-settings.ts";

/** Opens an environment by its definition; the target's module is imported here and nowhere earlier. */
export async function connectEnvironment(options: {
  readonly name: string;
  readonly definition: EnvironmentDefinition;
  readonly projectFolder: string;
  readonly stateFolder: string;
  readonly clock: Clock;
}): Promise<Environment> {
  const { name, definition } = options;
  const folder = join(options.stateFolder, "environments", name);
  const path = modulePath(definition.target.module, options.projectFolder);
  const module = (await import(pathToFileURL(path).href)) as { connect(connection: TargetConnection): Target };
  const target = module.connect({
    name,
    folder,
    options: definition.target.options,
    configuration: definition.configuration ?? {},
    recording: recordingSettings(definition),
  });
  return openEnvironment({ name, folder, target, clock: options.clock });
}
