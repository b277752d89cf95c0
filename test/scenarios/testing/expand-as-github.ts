export type Combination = Readonly<Record<string, string | number | boolean>>;

type Matrix = Readonly<Record<string, readonly unknown[]>> & {
  readonly include?: readonly Combination[];
  readonly exclude?: readonly Combination[];
};

/**
 * The jobs of a matrix as "Running variations of jobs in a workflow" tells it, written down apart from Greenlight's own expansion
 * so that the two can be compared.
 */
export function expandAsGitHub(matrix: Matrix): readonly Combination[] {
  const { include = [], exclude = [], ...axes } = matrix;
  let jobs: Combination[] = Object.keys(axes).length === 0 ? [] : [{}];
  for (const [axis, values] of Object.entries(axes)) {
    jobs = jobs.flatMap((job) => values.map((value) => ({ ...job, [axis]: value as string | number | boolean })));
  }
  jobs = jobs.filter(
    (job) => !exclude.some((each) => Object.entries(each).every(([key, value]) => job[key] === value)),
  );
  const originals = [...jobs];
  for (const each of include) {
    let isAdded = false;
    for (const [index, original] of originals.entries()) {
      const isFitting = Object.entries(each).every(([key, value]) => !(key in axes) || original[key] === value);
      if (!isFitting) continue;
      jobs[index] = { ...jobs[index], ...each };
      isAdded = true;
    }
    if (!isAdded) jobs.push(each);
  }
  return jobs;
}
