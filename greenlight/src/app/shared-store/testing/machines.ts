import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { folderDefinition, Machine, type MachineOptions } from "./store-rig.ts";

/** The machines of one test, in front of one store in a folder. */
export class Machines {
  /** The store's folder. */
  readonly shared: string = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
  readonly #defaults: Partial<MachineOptions>;
  readonly #alive: Machine[] = [];
  readonly #killed: Machine[] = [];

  constructor(defaults: Partial<MachineOptions> = {}) {
    this.#defaults = defaults;
  }

  add(options: Partial<MachineOptions> = {}): Machine {
    const made = new Machine({ definition: folderDefinition(this.shared), ...this.#defaults, ...options });
    this.#alive.push(made);
    return made;
  }

  /** Ends it like a killed process; what it leaves in its folder stays until the test ends, or for the next one to go on with. */
  async kill(machine: Machine): Promise<void> {
    this.#alive.splice(this.#alive.indexOf(machine), 1);
    this.#killed.push(machine);
    await machine.die();
  }

  /** The same machine later: a new process on the same state folder. */
  async later(earlier: Machine): Promise<Machine> {
    await this.kill(earlier);
    return this.add({ folder: earlier.folder });
  }

  /** What each of them warned of. */
  codes(): readonly (readonly string[])[] {
    return this.#alive.map((each) => each.codes());
  }

  async dispose(): Promise<void> {
    for (const each of this.#alive) await each.dispose();
    for (const { folder } of this.#killed) rmSync(folder, { recursive: true, force: true });
    rmSync(this.shared, { recursive: true, force: true });
  }
}
