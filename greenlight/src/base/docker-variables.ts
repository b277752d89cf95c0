/**
 * The variables by which Docker's client knows its daemon (docs.docker.com/reference/cli/docker, "Environment variables"). A step
 * that uses Docker declares them.
 */
export const DOCKER_VARIABLES: readonly string[] = [
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
];
