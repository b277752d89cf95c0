import { spawn } from "node:child_process";
import { closeSync } from "node:fs";

import type { AcmeSettings } from "../../router/wire.ts";
import type { EnvironmentFolder } from "../environment-folder.ts";
import { openLog } from "../log-file.ts";
import { compileCache, processEntry, systemEnvironment } from "../spawn-keeper.ts";
import type { CertificateState } from "../wire.ts";
import { readAttempts } from "./attempts.ts";
import { readCurrent } from "./certificate-files.ts";
import { decideAttempt } from "./decide-attempt.ts";

export interface CertificateWatchOptions {
  readonly paths: EnvironmentFolder;
  /** What is wanted now; null: no certificate. */
  settings(): AcmeSettings | null;
  /** Whether an authority would find somebody who answers. */
  isReachable(): boolean;
  log(line: string): void;
}

/** Looks after the environment's certificate: has it got and renewed in a process of its own, one at a time. */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #isOrdered = false;
  #running = false;
  #state: CertificateState | null = null;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
  }

  /** A person waits for it. Answers once it is known how it stands. */
  async order(): Promise<void> {
    this.#isOrdered = true;
    await this.look();
  }

  /** Null: none is wanted. */
  state(): CertificateState | null {
    return this.#options.settings() === null ? null : this.#state;
  }

  /** Never rejects: what can't be read is told as a fault. */
  async look(): Promise<void> {
    const { paths, settings: wanted, log, isReachable } = this.#options;
    const settings = wanted();
    if (settings === null) return;
    const current = await readCurrent(paths);
    const validTo = current === null ? null : new Date(current.validTo).toISOString();
    try {
      const attempts = await readAttempts(paths, settings.directory);
      const { domains } = settings;
      const now = Date.now();
      const decision = decideAttempt({ now, current, domains, attempts, isOrdered: this.#isOrdered });
      const { fault, failureCount } = attempts;
      const nextAt = decision.kind === "rest" ? new Date(decision.until).toISOString() : null;
      if (decision.kind === "attempt" && !this.#running && isReachable()) {
        log(`certificate: one is got for ${domains.join(", ")}: ${decision.why}`);
        this.#start(settings);
      }
      if (decision.kind === "rest" || this.#running) this.#isOrdered = false;
      const isUnderWay = this.#running || decision.kind === "attempt";
      this.#state = { domains, validTo, fault, failureCount, isUnderWay, nextAt };
    } catch (error) {
      const fault = (error as Error).message;
      const { domains } = settings;
      this.#state = { domains, validTo, fault, failureCount: 0, isUnderWay: false, nextAt: null };
    }
  }

  /** It outlives the keeper: an attempt that is broken off would count with the authority all the same. */
  #start({ directoryCa }: AcmeSettings): void {
    const { paths, log } = this.#options;
    const output = openLog(paths.log("certificate"));
    try {
      const child = spawn(process.execPath, [processEntry("certificate-main"), paths.root], {
        cwd: paths.root,
        detached: true,
        stdio: ["ignore", output, output],
        env: {
          ...systemEnvironment(),
          NODE_COMPILE_CACHE: compileCache(paths),
          ...(directoryCa === null ? {} : { NODE_EXTRA_CA_CERTS: directoryCa }),
        },
        windowsHide: true,
      });
      this.#running = true;
      const over = (): void => {
        this.#running = false;
        void this.look();
      };
      child.once("error", (error) => {
        log(`certificate: ${error.message}`);
        over();
      });
      child.once("exit", over);
      child.unref();
    } finally {
      closeSync(output);
    }
  }
}
