/** The release's program when its service is in Python: the host's Python is found at every start, by this script. */
export const LAUNCHER_PATH = "runtime/python";
/** Where the locked packages lie in a release. */
export const PACKAGES_FOLDER = "packages";
/** A variable of the environment's configuration: the program to start with, where the usual names lead elsewhere. */
export const PYTHON_VARIABLE = "GREENLIGHT_PYTHON";

/** Names under which a Python of `version` ("3.11") is looked for, the most exact first. */
export function pythonNames(version: string): readonly string[] {
  return [`python${version}`, "python3", "python"];
}

/** Python code that ends with 0 when it is run by that version, and with 1 by any other. */
function versionCheck(version: string): string {
  return `import sys; sys.exit(sys.version_info[:2] != (${version.replace(".", ", ")}))`;
}

/**
 * A POSIX script that becomes the host's Python of `version` (`exec`, so that signals reach the service). `-S` leaves out
 * whatever is installed on the host; the packages of the release are all that there is besides the standard library.
 * Compiled code goes where the keeper says (PYTHONPYCACHEPREFIX), never into the release.
 */
export function pythonLauncher(version: string): string {
  return `#!/bin/sh
# Starts the service with the Python ${version} of this host and the packages of this release.
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd) || exit 127
# Started by cron or a unit, it sees less of PATH than the session that deployed it.
PATH="\${PATH:-/usr/bin}:/usr/local/bin:/usr/bin:/bin"
export PATH PYTHONPATH="$root/${PACKAGES_FOLDER}" PYTHONNOUSERSITE=1 PYTHONUNBUFFERED=1
[ -n "\${PYTHONPYCACHEPREFIX:-}" ] || export PYTHONDONTWRITEBYTECODE=1
if [ -n "\${${PYTHON_VARIABLE}:-}" ]; then set -- "\$${PYTHON_VARIABLE}" -- "$@"; else set -- ${pythonNames(version).join(" ")} -- "$@"; fi
found=
while [ "$1" != -- ]; do
  if [ -z "$found" ] && "$1" -S -c '${versionCheck(version)}' 2>/dev/null; then found=$1; fi
  shift
done
shift
if [ -n "$found" ]; then exec "$found" -S "$@"; fi
echo "PYTHON_MISSING: python: no Python ${version} found; install it, or name it in ${PYTHON_VARIABLE}" >&2
exit 127
`;
}
