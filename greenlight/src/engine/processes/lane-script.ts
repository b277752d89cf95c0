import type { ProgramCall } from "./started-process.ts";

/**
 * A program that is merely stopped has not ended, so it is waited for again. `wait -f` would do that by itself, but it turns for ever
 * at full speed when the shell has lost its record of a program that was killed (bash 5.2).
 */
const WAIT = "wait $__p; __s=$?; while kill -0 $__p; do sleep 0.1; wait $__p; __s=$?; done";

/**
 * What a shell reads first. Job control gives each program a process group of its own; the shell's own variables are none of
 * a step's; `r` says that all is as it has to be. Older versions than 5 were never tried. From a pipe a shell reads one
 * byte at a time; a script whose length it was told it reads at once.
 */
export const OPENING = `exec 2>/dev/null
(( BASH_VERSINFO[0] >= 5 )) || exit
set -m
export -n PWD OLDPWD SHLVL
__w() { ${WAIT}; kill -0 -- -$__p; echo "x $__s $?"; }
case $- in *m*) echo r ;; *) exit ;; esac
while read -r __n && read -r -N "$__n" __t; do eval "$__t"; done
`;

/** Variables that a shell keeps to itself, or that change what it does. */
const OWN_VARIABLES =
  /^(?:BASH.*|SHELLOPTS|UID|EUID|PPID|GROUPS|RANDOM|SRANDOM|SECONDS|EPOCH.*|LINENO|DIRSTACK|FUNCNAME|PIPESTATUS|HISTCMD|LC_.*|LANG|POSIXLY_CORRECT|PWD|OLDPWD|SHLVL|__[nstp]|_)$/u;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;
/** The system's limit for a single argument is 128 KiB; beyond this the direct way tells better what is wrong. */
const MAX_BYTES = 64 * 1024;

/** The part of an environment with which a shell can be started. Its locale has to be its first program's. */
export function shellEnvironment(env: ProgramCall["env"]): ProgramCall["env"] {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => NAME.test(name) && (!OWN_VARIABLES.test(name) || /^LANG$|^LC_/u.test(name))),
  );
}

/** Whether a shell with that base can start it just as the system would. */
export function canBeScripted({ file, args, folder, env, logPath }: ProgramCall, base: ShellBase): boolean {
  let size = 0;
  for (const word of [file, ...args, folder, logPath]) {
    if (word.includes("\0")) return false;
    size += word.length;
  }
  for (const [name, value] of Object.entries(env)) {
    if (base.env[name] === value) continue;
    if (!NAME.test(name) || OWN_VARIABLES.test(name) || value.includes("\0")) return false;
    size += value.length;
  }
  for (const name of Object.keys(base.env)) if (!Object.hasOwn(env, name) && OWN_VARIABLES.test(name)) return false;
  return size <= MAX_BYTES;
}

/** What a shell was started with. */
export type ShellBase = Pick<ProgramCall, "folder" | "env">;

/**
 * Starts the program with its tag and waits for it. Where the tag can't be set, the program runs without. Answers, one a line: `l` its log can't be opened; `p PID`; `x STATUS LEFT`, LEFT 0 when
 * somebody is left in its group. In ASCII, so that it has as many characters as bytes in every locale; its length goes before it.
 */
export function scriptOf(call: ProgramCall, base: ShellBase): string {
  const lines = [`ulimit -S -x ${call.tag}`, `exec </dev/null >>${quoted(call.logPath)} 2>&1 || { echo l; exit 1; }`];
  if (call.folder !== base.folder) lines.push(`cd -- ${quoted(call.folder)} || exit 126`);
  for (const [name, value] of Object.entries(call.env)) {
    if (base.env[name] !== value) lines.push(`export ${name}=${quoted(value)}`);
  }
  for (const name of Object.keys(base.env)) if (!Object.hasOwn(call.env, name)) lines.push(`unset ${name}`);
  lines.push(`exec ${[call.file, ...call.args].map(quoted).join(" ")}`);
  const script = `(\n${lines.join("\n")}\n) &\n__p=$!\necho "p $__p"\n__w\n`;
  return `${script.length}\n${script}`;
}

/** A word that means itself: between single quotes only the single quote is special. What is not plain ASCII goes byte by byte. */
function quoted(word: string): string {
  if (/^[\n\x20-\x7E]*$/u.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  const bytes = [...Buffer.from(word)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
  return `$'${bytes.join("")}'`;
}
