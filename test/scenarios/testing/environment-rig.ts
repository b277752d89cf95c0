import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { processes, type ProcessesOptions } from "../../../greenlight/src/adapters/targets/index.ts";
import { connect } from "../../../greenlight/src/adapters/targets/processes/index.ts";
import { systemClock } from "../../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome, Environment, Transition } from "../../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../../greenlight/src/deployment/open-environment.ts";
import {
  testReleases,
  type TestRelease,
  type TestReleases,
} from "../../../greenlight/src/deployment/testing/test-release.ts";
import { callHttp } from "../../../greenlight/src/keeper/control-client.ts";
import { freePort } from "../../../greenlight/src/keeper/free-port.ts";
import { waitUntil } from "../../../greenlight/src/keeper/testing/wait-until.ts";
import { processesOf } from "./processes.ts";

const CONTROLLER = fileURLToPath(
  new URL("../../../greenlight/src/deployment/testing/doomed-controller.ts", import.meta.url),
);

export interface DeployOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly kind?: "rollback";
  readonly signal?: AbortSignal;
  /** Instead of the rig's own. */
  readonly into?: Environment;
  /** Instead of the tiny service with that label and those variables. */
  readonly release?: TestRelease;
  onTransition?(transition: Transition): void;
}

/** The environment `staging` of local processes with all its real parts, and releases of the tiny service for it. */
export class EnvironmentRig {
  readonly folder: string;
  readonly port: number;
  readonly releases: TestReleases;
  readonly environment: Environment;
  readonly #root: string;
  readonly #options: Partial<ProcessesOptions>;

  private constructor(root: string, port: number, releases: TestReleases, options: Partial<ProcessesOptions>) {
    this.#root = root;
    this.folder = join(root, "environment");
    this.port = port;
    this.releases = releases;
    this.#options = { port, bakeMs: 400, drainMs: 3000, startTimeoutMs: 10_000, ...options };
    this.environment = this.open();
  }

  static async start(options: Partial<ProcessesOptions> = {}): Promise<EnvironmentRig> {
    const root = await mkdtemp(join(tmpdir(), "environment-"));
    const releases = await testReleases(join(root, "blobs"), "staging");
    return new EnvironmentRig(root, await freePort(), releases, options);
  }

  /** The same environment, opened again with other options. */
  open(change: Partial<ProcessesOptions> = {}): Environment {
    const { options } = processes({ port: this.port, ...this.#options, ...change });
    const target = connect({ name: "staging", folder: this.folder, options, configuration: {} });
    return openEnvironment({ name: "staging", folder: this.folder, target, clock: systemClock });
  }

  async deploy(label: string, options: DeployOptions = {}): Promise<DeployOutcome> {
    return (options.into ?? this.environment).deploy({
      ...(options.release ?? (await this.releases.make(label, options.variables))),
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      approval: null,
      who: "a test",
      why: "to see",
      runId: "run",
      signal: options.signal ?? new AbortController().signal,
      onTransition: (transition) => options.onTransition?.(transition),
      log: () => {},
    });
  }

  /** The release that answers at the port; null when none does. */
  async served(path = "/ready"): Promise<string | null> {
    const call = { host: "127.0.0.1", port: this.port, method: "GET", path, timeoutMs: 3000 };
    const reply = await callHttp(call).catch(() => null);
    return reply?.status === 200 ? (JSON.parse(reply.text) as { releaseId: string }).releaseId : null;
  }

  async releaseIdOf(label: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    return (await this.releases.make(label, variables)).releaseId;
  }

  /** Arguments for Node: a controller that deploys `label` and kills itself after its `count`-th record. */
  doomedController(label: string, count: number, ...more: readonly string[]): readonly string[] {
    return [CONTROLLER, this.folder, String(this.port), join(this.#root, "blobs"), label, String(count), ...more];
  }

  async dispose(): Promise<void> {
    await this.environment.stop();
    await waitUntil("no process left", () => (processesOf(this.folder).length === 0 ? true : null));
    await rm(this.#root, { recursive: true, force: true });
  }
}
