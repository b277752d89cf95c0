import type { Composition } from "../app/composition.ts";
import type { ProjectPlace } from "../app/find-project.ts";

/** What every command gets: the place of the project, the composition, and how to answer. */
export interface CommandCall {
  readonly composition: Composition;
  readonly isJson: boolean;
  /** Finds the project; throws CONFIG_MISSING. */
  place(): ProjectPlace;
}

/** A command's work; resolves to the exit status. Imported only when the command is called. */
export type CommandHandler = (
  call: CommandCall,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<number>;
