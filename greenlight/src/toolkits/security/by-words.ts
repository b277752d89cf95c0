import { shellWord } from "../shell-word.ts";

/** What a shell ends with for a tool whose own status does not tell why it failed; of sysexits. */
export const UNREACHED = 75;
export const MISCONFIGURED = 78;

export interface Words {
  /** Lines of a tool that could not reach what it needs, as an extended regular expression of grep. */
  readonly unreached: string;
  /** Lines of a tool whose configuration or call is broken; none of them is also one of the others. */
  readonly misconfigured: string;
}

/**
 * `command` for a POSIX shell, its words shown as they come and gone through at its end: where it failed, they decide between
 * UNREACHED, MISCONFIGURED and its own status, which is left in `$code` behind it. `log` is a word of that shell; the file
 * does not outlive the command.
 */
export function endByWords(command: string, log: string, { unreached, misconfigured }: Words): string {
  // A pipe has the status of its last part, so that of the command takes a way of its own.
  const watched = `{ code=$( { { { ${command}; } 3>&- 4>&-; echo $? >&3; } 2>&1 | tee ${log} >&4; } 3>&1 ); } 4>&1`;
  // What decided is its last word, so that whoever is told why reads it.
  const says = (words: string): string => `line=$(grep -Eim1 ${shellWord(words)} ${log})`;
  const choose = `if ${says(unreached)}; then code=${UNREACHED}; elif ${says(misconfigured)}; then code=${MISCONFIGURED}; fi; [ -z "$line" ] || printf '%s\\n' "$line" >&2`;
  return `${watched}; if [ "\${code:=1}" -ne 0 ]; then ${choose}; fi; rm -f ${log}`;
}
