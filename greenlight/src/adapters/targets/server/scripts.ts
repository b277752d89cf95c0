/**
 * What the server's shell is told, before there is an agent. Each is one constant line without single quotes, backslashes and
 * exclamation marks, so that it goes through any login shell as it is; all that varies is read from standard input, line by
 * line, and is only ever used in double quotes. So nothing foreign is ever read as a command or seen in `ps`.
 */

const HOME = 'case "$folder" in "~/"*) folder="$HOME/${folder#"~/"}";; esac';

const READ = (...names: readonly string[]): string => names.map((name) => `IFS= read -r ${name} || exit 96`).join("; ");

const SUM =
  "sum() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; elif command -v shasum >/dev/null 2>&1; " +
  "then shasum -a 256; else openssl dgst -sha256 -r; fi; }";

/** Ends the answers of the scripts; lines that a login shell printed before are skipped. */
export const MARKS = {
  agent: "greenlight-agent",
  missing: "greenlight-missing",
  end: "greenlight-end",
  send: "greenlight-send",
  done: "greenlight-done",
  damaged: "greenlight-damaged",
} as const;

/** Names under which a Python may be found, as releases look for it. */
const PYTHONS = `python python3 ${Array.from({ length: 13 }, (_each, index) => `python3.${index + 8}`).join(" ")}`;

/** Reads folder, agent, the agent's program and the environment's name. Becomes the agent, or tells about the server. */
export const START = shell(
  READ("folder", "agent", "program", "name"),
  HOME,
  'a="$folder/agents/$agent"',
  `if [ -x "$a/node" ]; then export NODE_COMPILE_CACHE="$folder/cache"; echo ${MARKS.agent}; exec "$a/node" "$a/$program" "$folder"; fi`,
  `echo ${MARKS.missing}`,
  'echo "system $(uname -s) $(uname -m)"',
  'if [ -e "$folder/environments/$name/desired.json" ]; then echo "known yes"; fi',
  'd="$folder"',
  'until [ -d "$d" ]; do d=$(dirname "$d"); done',
  'if [ -w "$d" ] && [ -x "$d" ]; then echo "writable yes"; fi',
  'echo "nearest $d"',
  'echo "space $(df -Pk "$d" | tail -n 1)"',
  'for t in sha256sum shasum openssl; do if command -v "$t" >/dev/null 2>&1; then echo "sums yes"; fi; done',
  `for t in ${PYTHONS}; do if command -v "$t" >/dev/null 2>&1; then echo "python $t $("$t" -S -c "import sys; print(*sys.version_info[:2], sep=chr(46))" 2>/dev/null)"; fi; done`,
  'grep -h " 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null | head -n 5000',
  `echo ${MARKS.end}`,
);

/**
 * Reads folder, digest and size, says from which byte on it wants the file, and takes it in. What came before a cut is kept;
 * the file is only put in place when it is whole and its digest is right.
 */
export const RECEIVE = shell(
  READ("folder", "digest", "size"),
  HOME,
  SUM,
  'u="$folder/uploads/agents"; p="$u/.$digest"; f="$u/$digest"',
  `if [ -f "$f" ] || [ -f "$folder/runtimes/$digest" ]; then echo ${MARKS.done}; exit 0; fi`,
  'mkdir -p "$u" || exit 95',
  'have=0; if [ -f "$p" ]; then have=$(wc -c < "$p"); have=$((have + 0)); fi',
  'if [ "$have" -gt "$size" ]; then rm -f "$p"; have=0; fi',
  `echo "${MARKS.send} $have"`,
  'if cat >> "$p"; then :; else rm -f "$p"; exit 94; fi',
  'now=$(wc -c < "$p"); now=$((now + 0))',
  'if [ "$now" -lt "$size" ]; then exit 93; fi',
  'case "$(sum < "$p")" in "$digest"*) sync "$p" 2>/dev/null; mv "$p" "$f" || exit 95; ' +
    `echo ${MARKS.done};; *) rm -f "$p"; echo ${MARKS.damaged};; esac`,
);

/** Reads folder, agent and the digests of runtime and bundle; the bundle unpacks itself and puts the agent in place. */
export const INSTALL = shell(
  READ("folder", "agent", "runtime", "bundle"),
  HOME,
  'r="$folder/runtimes/$runtime"; if [ -f "$r" ]; then :; else r="$folder/uploads/agents/$runtime"; fi',
  'chmod 700 "$r" || exit 95',
  'if "$r" --version >/dev/null; then :; else exit 91; fi',
  '"$r" "$folder/uploads/agents/$bundle" "$folder" "$agent" "$r" || exit 95',
  `echo ${MARKS.done}`,
);

/** What a script's exit status says, beside those of ssh (255) and of the shell. */
export const ENDINGS = { cut: 93, unwritable: [94, 95], noRuntime: 91 } as const;

function shell(...commands: readonly string[]): string {
  const line = ["umask 077", ...commands].join("; ");
  if (/['\\!\n]/u.test(line)) throw new Error("a script must go through any login shell as it is");
  return `exec /bin/sh -c '${line}'`;
}
