import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One task of the workload: a shell line, one input file, one output file. Paths are relative to the workspace. */
export interface Task {
  readonly name: string;
  readonly command: string;
  readonly input: string;
  readonly output: string;
  /** Names of two tasks of the layer before; empty in the first layer. */
  readonly needs: readonly string[];
  /** What the output must hold. */
  readonly content: string;
}

const LAYER = 10;

/**
 * `count` tasks in layers of ten, each needing two of the layer before. With a `counter`, an absolute path, each task
 * also leaves its number there whenever it runs.
 */
export function makeTasks(count: number, counter: string | null = null): Task[] {
  return Array.from({ length: count }, (_, index) => {
    const write = `echo ${index} > out/t${index}.txt`;
    return {
      name: `t${index}`,
      command: counter === null ? write : `${write}; echo ${index} >> ${counter}`,
      input: `in/i${index}.txt`,
      output: `out/t${index}.txt`,
      needs: needsOf(index),
      content: `${index}\n`,
    };
  });
}

function needsOf(index: number): string[] {
  const layer = Math.floor(index / LAYER);
  if (layer === 0) return [];
  const before = (layer - 1) * LAYER;
  return [index % LAYER, (index + 1) % LAYER].map((place) => `t${before + place}`);
}

/** The tasks that no other needs: who asks for them gets all. */
export function lastTasks(tasks: readonly Task[]): string[] {
  const needed = new Set(tasks.flatMap((task) => task.needs));
  return tasks.map((task) => task.name).filter((name) => !needed.has(name));
}

/** Writes the input files, each different, and empty folders for the outputs. */
export function writeInputs(folder: string, tasks: readonly Task[]): void {
  for (const each of new Set(tasks.map((task) => dirname(task.input))))
    mkdirSync(join(folder, each), { recursive: true });
  for (const task of tasks) writeFileSync(join(folder, task.input), `input of ${task.name}\n`);
  for (const each of outputFolders(tasks)) mkdirSync(join(folder, each), { recursive: true });
}

/** Relative to the workspace. */
export function outputFolders(tasks: readonly Task[]): Set<string> {
  return new Set(tasks.map((task) => dirname(task.output)));
}

/** The first task whose output is absent or wrong, as a sentence; null when all are right. */
export function findWrongOutput(folder: string, tasks: readonly Task[]): string | null {
  for (const task of tasks) {
    let content: string;
    try {
      content = readFileSync(join(folder, task.output), "utf8");
    } catch {
      return `${task.output} is missing`;
    }
    if (content !== task.content) return `${task.output} holds ${JSON.stringify(content)}`;
  }
  return null;
}
