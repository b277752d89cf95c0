import type { Evidence } from "./evidence.ts";
import { projectPath, withoutFolder } from "./project-path.ts";

/**
 * Evidence of a tool that ran in a folder of the project, with its paths relative to that folder, as evidence of the
 * project: `a.py` of the folder `services/api` is `services/api/a.py`, and `../lib/b.py` is `services/lib/b.py`.
 */
export function inFolder(evidence: Evidence, folder: string, projectFolder: string): Evidence {
  const place = (path: string): string => pathInFolder(path, folder, projectFolder);
  const placeOrNull = (path: string | null): string | null => (path === null ? null : place(path));
  const plain = (text: string): string => withoutFolder(projectFolder, text);
  switch (evidence.kind) {
    case "findings": {
      const findings = evidence.findings.map((finding) => ({
        ...finding,
        file: placeOrNull(finding.file),
        message: plain(finding.message),
      }));
      return { ...evidence, findings };
    }
    case "tests": {
      const failures = evidence.failures.map((failure) => ({
        ...failure,
        file: placeOrNull(failure.file),
        message: plain(failure.message),
      }));
      const flaky = evidence.flaky?.map((test) => ({
        ...test,
        file: placeOrNull(test.file),
        message: plain(test.message),
      }));
      return { ...evidence, failures, ...(flaky === undefined ? {} : { flaky }) };
    }
    case "coverage":
      return { ...evidence, files: evidence.files.map((file) => ({ ...file, path: place(file.path) })) };
    default:
      return evidence;
  }
}

/** A path of a report whose tool ran in `folder`, relative to the project. */
export function pathInFolder(path: string, folder: string, projectFolder: string): string {
  const root = projectFolder.replace(/[/\\]+$/u, "");
  return projectPath(root, `${root}/${folder}/${path}`) ?? path;
}

/** The folder as a reader takes it for the project's. */
export function readFolder(projectFolder: string, folder: string | undefined): string {
  return folder === undefined ? projectFolder : `${projectFolder.replace(/[/\\]+$/u, "")}/${folder}`;
}
