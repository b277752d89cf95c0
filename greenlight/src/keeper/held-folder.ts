import { closeSync, fstatSync, mkdirSync, openSync, statSync } from "node:fs";

/** The folder a keeper was started for, known by itself and not by its path alone. */
export interface HeldFolder {
  /** Why the folder at the path is not the held one any more; null while it is. */
  loss(): string | null;
  /** Lets go of it; it may be called again. */
  release(): void;
}

/**
 * Holds on to a folder: somebody may delete it and make another one at its path, which belongs to another keeper then.
 * The open handle keeps the inode from being given to the new folder. Windows can't open folders, and deletes none in which
 * a process works. Makes the folder; throws the system's error.
 */
export function holdFolder(root: string): HeldFolder {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  let handle = process.platform === "win32" ? null : openSync(root, "r");
  const held = handle === null ? statSync(root, { bigint: true }) : fstatSync(handle, { bigint: true });
  return {
    loss: () => {
      try {
        const found = statSync(root, { bigint: true });
        if (found.dev === held.dev && found.ino === held.ino) return null;
        return "the environment's folder is gone, and another one is in its place";
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Whatever else hinders the look (a disk that fails, a right that was taken) says nothing about the folder.
        return code === "ENOENT" || code === "ENOTDIR" ? "the environment's folder is gone" : null;
      }
    },
    release: () => {
      if (handle !== null) closeSync(handle);
      handle = null;
    },
  };
}
