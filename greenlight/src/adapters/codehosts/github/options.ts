/** What a definition says of the code host. The token never stands here: it is the variable GITHUB_TOKEN. */
export interface GithubOptions {
  /** `owner/name`; null: GITHUB_REPOSITORY. */
  readonly repository: string | null;
  /** Environments that GitHub shows as production. */
  readonly production: readonly string[];
  /** Environments that GitHub may forget once they are replaced. */
  readonly transient: readonly string[];
}

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[\w.-]{1,100}$/u;

/** The options with their defaults, from what was written in a definition. Throws a RangeError that names the option. */
export function readGithubOptions(given: Readonly<Record<string, unknown>>): GithubOptions {
  const { repository = null, production = ["production"], transient = [], ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new RangeError(`github: there is no option "${unknown}"`);
  if (repository !== null && !isRepository(repository))
    throw new RangeError("github: `repository` must be like owner/name");
  if (!isNames(production)) throw new RangeError("github: `production` must be a list of environments");
  if (!isNames(transient)) throw new RangeError("github: `transient` must be a list of environments");
  return { repository, production, transient };
}

export function isRepository(value: unknown): value is string {
  return typeof value === "string" && REPOSITORY.test(value) && !/\/\.{1,2}$/u.test(value);
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && each !== "");
}
