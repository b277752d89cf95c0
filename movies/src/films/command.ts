import { InputProblem } from "./problem.ts";

/**
 * Runs one command: prints the lines it returns. A fault of the input ends it with its message and exit status 1; a
 * bug ends it with its stack, as Node does.
 */
export async function runCommand(main: () => Promise<readonly string[]>): Promise<void> {
  try {
    for (const line of await main()) console.log(line);
  } catch (error) {
    if (!(error instanceof InputProblem)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
