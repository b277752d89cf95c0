/**
 * Every error a person may see. `docs/errors.md` lists the same codes; a test compares the two.
 * `isOurs` tells a fault of the machine or of Greenlight (exit 3) from one of the definition or the call (exit 2).
 */
interface ProblemKind {
  readonly remedy: string;
  readonly isOurs?: true;
}

function kinds<const Code extends string>(record: Record<Code, ProblemKind>): Record<Code, ProblemKind> {
  return record;
}

export const PROBLEMS = kinds({
  PIPELINE_CYCLE: { remedy: 'remove one of the "needs"' },
  STEP_UNKNOWN_NEED: { remedy: "add the needed step to a stage, or drop the need" },
  STEP_DUPLICATE_NAME: { remedy: "give each step of a pipeline its own name" },
  STEP_NAME_INVALID: { remedy: "use one to 100 printable characters" },
  STEP_NO_ACTION: { remedy: "give the step a `run` command, a function or an effect" },
  STEP_OUTPUT_OUTSIDE: { remedy: "declare outputs below the project's folder" },
  STEP_INPUT_OUTSIDE: { remedy: "declare inputs inside the repository" },
  STEP_INPUT_NO_FILE: { remedy: "name regular files as inputs, or exclude this one with a `!` pattern" },
  STEP_OUTPUT_SHARED: { remedy: "let each output belong to one step" },
  RETRY_INVALID: { remedy: "give 2 to 20 attempts, delays in milliseconds and the outcomes to try again after" },
  MATRIX_INVALID: { remedy: "name axes and their values, as in `matrix({ node: [22, 24] })`" },
  MATRIX_TOO_LARGE: { remedy: "split the step, or give its matrix fewer values" },
  CONDITION_INVALID: { remedy: "make it of onBranch, onEvent, not, allOf and anyOf" },
  SECRET_UNDECLARED: { remedy: "declare it in the project's `secrets`, with where its value comes from" },
  SECRET_MISSING: {
    remedy: "set the variable in the environment or in the project's .env, or correct the secret's source",
  },
  SECRET_TOO_SHORT: { remedy: "use a value of at least eight characters; a shorter one can't be masked" },
  SECRET_IN_NAME: {
    remedy: "give the thing another name; a secret that was committed with the definition has to be renewed",
  },
  SECRET_UNREADABLE: { remedy: "make the file readable, or try the command by hand in the project's folder" },
  STEP_CLOSURE: { remedy: "pass a module and the name of its export, and plain JSON as arguments" },
  MATRIX_EMPTY: { remedy: "loosen `exclude` or add an `include`, so that at least one combination is left" },
  STAGE_ORDER: { remedy: "move the needed step to the same or an earlier stage" },
  PIPELINE_EMPTY: { remedy: "put at least one step into a stage" },
  PIPELINE_UNKNOWN: { remedy: "name one of the project's pipelines" },
  ENVIRONMENT_UNKNOWN: { remedy: "name one of the project's environments" },
  STEP_UNKNOWN: { remedy: "name a step of the pipeline; `greenlight plan` lists them" },
  RUN_UNKNOWN: { remedy: "name a run that `greenlight status` lists" },
  PORT_SHARED: { remedy: "give each environment a port of its own" },
  CONFIG_MISSING: {
    remedy: "run inside a project, pass --project DIR, or have greenlight init write a greenlight.config.ts",
  },
  CONFIG_EXISTS: { remedy: "keep it, or pass --force to have it written over" },
  CONFIG_UNWRITABLE: { remedy: "grant write access to the folder, or free disk space" },
  CONFIG_SYNTAX: { remedy: "mend the syntax at that place" },
  CONFIG_THREW: { remedy: "mend the definition so that loading it does not throw" },
  PROJECT_UNKNOWN: { remedy: "name the folder of a project with --project DIR, or write greenlight.config.ts by hand" },
  CONFIG_NOT_A_PROJECT: { remedy: "export default defineProject({ … }) from greenlight.config.ts" },
  PRINT_FAILED: { isOurs: true, remedy: "free space where the output goes; what was done is recorded all the same" },
  PACKAGE_MISMATCH: {
    remedy: "run the project's own copy with `npx greenlight`, or install the same version in both places",
  },
  CONFIG_INVALID: { remedy: "give the field a value of that form" },
  OUTPUT_MISSING: { remedy: "make the command write the declared output, or correct `outputs`" },
  OUTPUT_NO_FILE: { remedy: "write regular files; a socket, pipe or dangling link can't be kept" },
  COMMAND_FAILED: { remedy: "read the step's log: `greenlight logs --step NAME`" },
  COMMAND_NOT_STARTED: { remedy: "check that the command exists and may be executed" },
  TOOL_MISSING: { remedy: "install the tool as the message of the step says" },
  TOOL_VERSION: { remedy: "install a version whose reports are understood" },
  TOOL_MISCONFIGURED: {
    remedy: "mend the tool's configuration or the step's options; its last lines say what is wrong",
  },
  TOOL_REPORT_LACKING: { remedy: "read its last lines: a call or a configuration that it refuses ends so, too" },
  SECRET_WRITTEN: { remedy: "keep the secret out of what the step writes; the file holds *** in its place" },
  STEP_TIMEOUT: { remedy: "make the step faster or raise its `timeoutMs`" },
  EVIDENCE_UNREADABLE: { remedy: "check that the tool wrote the report in the declared format" },
  FINDINGS_REPORTED: { remedy: "mend what the tool names; the report lists every place" },
  DATA_UNREACHABLE: { remedy: "let the tool reach its data, or give it a copy; `unreachable` says what it comes to" },
  BASELINE_UNREADABLE: {
    remedy: "take the file back from version control, or write it anew: `greenlight baseline write`",
  },
  SUPPRESSION_IDLE: { remedy: "remove it from `quality.suppressions`" },
  BASELINE_IDLE: { remedy: "drop what is gone: `greenlight baseline write --prune`" },
  BASELINE_INCOMPLETE: { remedy: "run the pipeline here, then repeat the command" },
  TESTS_FAILED: { remedy: "mend the failing tests; the report holds their messages" },
  TESTS_FLAKY: { remedy: "make the test hold every time; `quality.flaky` says what a flaky pass comes to" },
  RUNTIME_MISSING: { remedy: "install that version, or leave it out; `whenMissing` says what a missing one comes to" },
  SERVICE_TESTS_FAILED: { remedy: "read the service's log, which stands beside the tests' report" },
  DOCKER_MISSING: { remedy: "install Docker and its client, or start the service as a process: `{ run: … }`" },
  DOCKER_UNREACHABLE: {
    remedy: "start the daemon, or name it by DOCKER_HOST or DOCKER_CONTEXT; `docker version` says the same",
    isOurs: true,
  },
  DOCKER_REFUSED: { remedy: "let this user use Docker: its group, or a rootless daemon", isOurs: true },
  DOCKER_UNSUITABLE: { remedy: "use a daemon of this machine: the tests ask the service on loopback" },
  IMAGE_MISSING: {
    remedy: "build or load it first: no image is ever pulled; a step that `docker save`s it can be needed",
  },
  IMAGE_UNREADABLE: { remedy: "put out one image by `docker save`, or its id by `docker build --iidfile`" },
  IMAGE_PLATFORM: { remedy: "build it for the daemon's platform, or name `platform` where the daemon emulates it" },
  PORT_NOT_EXPOSED: { remedy: "EXPOSE the service's port in the image, or name it as `port`" },
  CONTAINER_REFUSED: { remedy: "mend what Docker says: the image's command, its limits, the daemon's disk" },
  CODECOV_FAILED: {
    remedy: "check repository, token and network, then `greenlight retry`; nothing else depends on it",
  },
  NO_TESTS_RAN: { remedy: "check the step's test pattern; a step without a test proves nothing" },
  DATA_EMPTY: { remedy: "check the source and the rules in the validation report" },
  SMOKE_TEST_FAILED: { remedy: "compare the answer with what the check expects, and read the slot's log" },
  LOAD_FAILED: { remedy: "find the failing requests in the slot's log" },
  LATENCY_REGRESSED: { remedy: "find what became slower, or raise the benchmark's `limitRatio` on purpose" },
  SERVICE_UNHEALTHY: { remedy: "look at `greenlight status` and the slot's log" },
  COVERAGE_BELOW_FLOOR: { remedy: "test the uncovered lines, or lower the floor on purpose" },
  RUN_IN_PROGRESS: { remedy: "wait for that run, or end it with `greenlight cancel`; it holds this project" },
  RUN_ENDED: { remedy: "`greenlight retry` runs again what did not pass; `greenlight run` begins a new run" },
  RUN_AMBIGUOUS: { remedy: "give more of the run's id" },
  RUN_SUPERSEDED: { remedy: "start it again when the newer run has ended" },
  RUN_INTERRUPTED: { remedy: "`greenlight resume` lets it go on", isOurs: true },
  RUN_NOT_CLOSED: { remedy: "wait longer with --wait, or end the process that the message names", isOurs: true },
  TLS_INVALID: { remedy: "name a certificate with its chain and the key that belongs to it, both in PEM and readable" },
  ACME_FAILED: { remedy: "mend what the authority says; its names must lead here, and port 80 to `tls.redirectPort`" },
  ACME_LIBRARY_MISSING: { remedy: "npm install acme-client" },
  PORT_TAKEN: { remedy: "stop what listens there, or set another port for the environment" },
  SOURCE_CHANGED: { remedy: "run again, so that what is bundled is what was checked" },
  RELEASE_INCOMPLETE: { remedy: "run the pipeline again; the bundle is rebuilt from its sources" },
  TESTDATA_UNREADABLE: { remedy: "name a table of single values: .jsonl, .csv with names in its first line, or .json" },
  TESTDATA_UNWRITABLE: { remedy: "grant write access to the folder, or free disk space" },
  PYTHON_MISSING: { remedy: "install the interpreter that the release or the project needs, in that version" },
  PACKAGES_UNLOCKED: {
    remedy: "lock them with hashes: `uv pip compile --universal --generate-hashes requirements.in -o requirements.txt`",
  },
  PACKAGES_NOT_INSTALLED: { remedy: "read pip's message in the step's log; check the lock file and the network" },
  DEPLOYMENT_FAILED: { remedy: "read the deployment's states in the report and the slot's log" },
  DEPLOYMENT_NEEDS_HUMAN: {
    remedy: "`greenlight environments` shows what runs; `greenlight rollback --to RELEASE`, or deploy a mended release",
  },
  GATE_INCONCLUSIVE: {
    remedy: "give the gate what it lacks (requests, a scorer), or let it warn with `whenInconclusive`",
  },
  REPLAY_DIFFERS: {
    remedy: "compare both answers in the report; a field that may differ belongs into `replay.ignore`",
  },
  MEMORY_EXCEEDED: {
    remedy: "find what uses more memory, or raise `replay.memoryMb` or `replay.memoryRatio` on purpose",
  },
  DEPLOYMENT_SUPERSEDED: { remedy: "look at what came after it; deploy again what is still wanted" },
  ROLLBACK_IMPOSSIBLE: {
    remedy: "`greenlight environments` lists what was live; `greenlight deploy` brings another release",
  },
  RELEASE_UNKNOWN: { remedy: "`greenlight environments` lists what was deployed; `greenlight run` bundles anew" },
  ENVIRONMENT_BUSY: { remedy: "wait until the other deployment of this environment has ended" },
  APPROVAL_WANTED: { remedy: "`greenlight approve`, then `greenlight resume`; or answer at a terminal, or pass --yes" },
  APPROVAL_EXPIRED: { remedy: "`greenlight retry` asks anew" },
  APPROVAL_NONE_WAITING: { remedy: "approve or reject once a run has come to a deployment that needs it" },
  APPROVAL_UNCLEAR: { remedy: "name the environment, or the release with --release" },
  APPROVAL_ANSWERED: { remedy: "`greenlight resume` ends the run that waits, `greenlight retry` asks anew" },
  MODEL_REJECTED: {
    remedy: "read the gate's checks in the report; the model must beat its baselines",
  },
  STAGE_UNKNOWN: { remedy: "name a stage of the pipeline, or `finally`; `greenlight plan` lists them" },
  COMPILE_MATRIX_TOO_LARGE: { remedy: "split the step, or give its matrix fewer values" },
  COMPILE_WORKFLOW_TOO_LARGE: { remedy: "split the pipeline, or let one step do what many do alike" },
  COMPILE_UNSUPPORTED: { remedy: "say it in a way that the code host knows" },
  COMPILE_APPROVALS_SHARED: { remedy: "give the environments branches of their own" },
  COMPILE_NO_LOCK: { remedy: "`npm install`, and commit package-lock.json" },
  LICENCES_NO_LOCK: { remedy: "install the packages, and commit the lock file" },
  LICENCES_UNREADABLE: { remedy: "let the package manager write its lock file anew" },
  LICENCES_NOT_INSTALLED: {
    remedy: "install the packages first; Yarn's Plug'n'Play keeps them in archives, so set `nodeLinker: node-modules`",
  },
  FINDINGS_NOT_UPLOADED: { remedy: "mend what the message says; `greenlight retry` uploads them" },
  COMPILE_FOREIGN_FILE: { remedy: "move the file away, then compile again" },
  COMPILE_OUTDATED: { remedy: "`greenlight compile github-actions`, and commit what it writes" },
  HANDOVER_INCOMPLETE: {
    remedy: "look at the jobs before this one; run all of them again when what they left is gone",
    isOurs: true,
  },
  HANDOVER_REFUSED: { remedy: "hand over only what parts of this very run left", isOurs: true },
  TELEMETRY_LIBRARY_MISSING: {
    remedy:
      "npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-http",
  },
  TELEMETRY_UNREACHABLE: { remedy: "check OTEL_EXPORTER_OTLP_ENDPOINT, and that the collector takes OTLP over HTTP" },
  WATCH_REFUSED: { remedy: "raise fs.inotify.max_user_watches, or free some", isOurs: true },
  USAGE: { remedy: "see `greenlight --help`" },
  STORE_UNREADABLE: { remedy: "move the named file away; what it held is rebuilt", isOurs: true },
  STORE_UNWRITABLE: {
    remedy: "free disk space or grant write access to the .greenlight folder",
    isOurs: true,
  },
  LOG_INCOMPLETE: { remedy: "make the step write less, or free disk space", isOurs: true },
  STORE_UNREACHABLE: { remedy: "check the store's address and the network, then run again", isOurs: true },
  STORE_REFUSED: { remedy: "check the store's bucket or folder, credentials, rights and free space", isOurs: true },
  STORE_LIBRARY_MISSING: { remedy: "install the package that the message names" },
  STORE_KEY_INVALID: {
    remedy: "make a pair with `greenlight store key`: one half for the definition, one for GREENLIGHT_STORE_KEY",
  },
  STORE_ENTRY_REFUSED: {
    remedy: "find out who else can write to the store; a trusted run replaces what it finds damaged",
    isOurs: true,
  },
  NOTICE_REFUSED: { remedy: "mend what the message names, then `greenlight notices --retry`" },
  NOTICE_DELAYED: { remedy: "nothing is lost; a later run or command tells it", isOurs: true },
  STORE_BEHIND: {
    remedy: "nothing is lost here; the next run, or `greenlight store sync`, sends what is missing",
    isOurs: true,
  },
  RUN_TAKEN_OVER: { remedy: "leave the run to that machine, or resume it here when it has ended there" },
  RUN_HELD_ELSEWHERE: { remedy: "wait until the run has ended there, or cancel it there" },
  KEEPER_UNREACHABLE: { remedy: "`greenlight down`, then `greenlight up`", isOurs: true },
  SERVER_UNREACHABLE: { remedy: "check the address, that sshd runs there, and the network between", isOurs: true },
  SERVER_LOGIN_REFUSED: {
    remedy: "correct the user, or let one of your keys in (ssh-copy-id), or name the key as identityFile",
    isOurs: true,
  },
  SERVER_HOST_KEY: { remedy: "compare the key's fingerprint with the server's own before you trust it", isOurs: true },
  SERVER_CONNECTION_LOST: {
    remedy: "what serves goes on; deploy again when the server can be reached, which ends what was begun",
    isOurs: true,
  },
  SERVER_UNSUITABLE: { remedy: "use a server with Linux on x64 or arm64, glibc 2.28 or newer", isOurs: true },
  SYSTEMD_MISSING: {
    remedy: "`greenlight keeper install --print` shows what the system has to start; have it started by other means",
    isOurs: true,
  },
  SYSTEMD_REFUSED: { remedy: "mend what systemd says, then repeat the command", isOurs: true },
  RUNTIME_TOO_OLD: {
    remedy: "install Node 24 or newer, or run `npm install`, which brings one",
    isOurs: true,
  },
  INTERNAL: { remedy: "this is a bug in Greenlight; report it with the lines above", isOurs: true },
});

export type ProblemCode = keyof typeof PROBLEMS;
