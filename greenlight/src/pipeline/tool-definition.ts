/** What must be known of a tool to tell its findings from its failures. */
export interface ToolDescriptor {
  /** Its name in reports. */
  readonly name: string;
  /** The program that the command calls; where it is not found, the step fails with TOOL_MISSING. */
  readonly program: string;
  /** What to do when it is missing: `pip install bandit`. */
  readonly install: string;
  /** Where its version is read: the installed package of that name. Null: it is not known without running it. */
  readonly package: { readonly ecosystem: "npm" | "pypi"; readonly name: string } | null;
  /** The versions whose reports are understood, as npm writes ranges: `>=7 <9`; null: any. */
  readonly versions: string | null;
  /** What its exit statuses mean, by number; 0 is `clean`, others that are not named are failures of the command. */
  readonly exits: Readonly<Record<string, ToolExit>>;
}

/**
 * `findings`: its report says which, and they are judged. `no-tests`: it found none to run. `misconfigured`: its own
 * configuration or call is broken. `unreachable`: it could not get the data that it judges by.
 */
export type ToolExit = "clean" | "findings" | "no-tests" | "misconfigured" | "unreachable";
