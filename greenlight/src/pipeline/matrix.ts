import type { Matrix } from "./definition.ts";

/**
 * One step for every combination of the axes: `matrix({ node: [22, 24], os: ["linux", "mac"] })`. What is left out:
 * nothing included or excluded, the first failure cancels the others, and all may run at once.
 */
export function matrix(axes: Matrix["axes"], options: Partial<Omit<Matrix, "axes">> = {}): Matrix {
  return { axes, include: [], exclude: [], failFast: true, maxParallel: null, ...options };
}
