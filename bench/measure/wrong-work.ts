/** A contender did not do what was asked of it, so its figures mean nothing. */
export class WrongWork extends Error {
  constructor(message: string, output = "") {
    super(output === "" ? message : `${message}; its last words:\n${output.slice(-2000)}`);
    this.name = "WrongWork";
  }
}

/** Takes a contender that does wrong work out of the rounds, and leaves the others in. */
export async function unlessWrong(
  result: { wrong: string | null },
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof WrongWork)) throw error;
    result.wrong = error.message;
    console.error(`${name}: wrong work: ${error.message}`);
  }
}
