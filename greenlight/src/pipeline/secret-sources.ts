import type { EnvironmentSecret, SecretSource } from "./definition.ts";

/** A variable of the process, or else of the project's `.env` file; its name is the secret's own when left out. */
export function fromEnvironment(variable?: string): SecretSource {
  return variable === undefined ? { from: "environment" } : { from: "environment", variable };
}

/** A file, relative to the project. */
export function fromFile(path: string): SecretSource {
  return { from: "file", path };
}

/** What a program prints; it is run without a shell in the project's folder. */
export function fromCommand(program: string, ...args: readonly string[]): SecretSource {
  return { from: "command", command: [program, ...args] };
}

/** Where the secret is set nowhere, the service of its environment is started without it, and a step runs without it. */
export function optional(source: SecretSource): EnvironmentSecret {
  return { ...source, isOptional: true };
}
