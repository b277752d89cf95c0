import type { StepDefinition } from "../../pipeline/definition.ts";

/** A step's paths with a folder for each value of the axis, and the command that names them so. */
export function perVersion(
  step: StepDefinition,
  axis: string,
): Pick<StepDefinition, "outputs" | "evidence"> & { readonly command: string } {
  const roots = rootsOf(step);
  const place = (path: string, folder: string): string => {
    const root = roots.find((each) => path === each || path.startsWith(`${each}/`));
    return root === undefined ? path : `${placed(root, folder)}${path.slice(root.length)}`;
  };
  const planned = `${axis}-{matrix.${axis}}`;
  const variable = `MATRIX_${axis.toUpperCase()}`;
  let command = step.action.kind === "command" ? step.action.command : "";
  for (const root of roots) {
    const named = replacePath(command, root, (quote) => placed(root, `${axis}-${inQuotes(variable, quote)}`));
    if (named === command) {
      throw new RangeError(
        `the command of "${step.name}" does not name "${root}": its versions would overwrite each other's`,
      );
    }
    command = named;
  }
  const folders = [...new Set(roots.map((root) => parentOf(placed(root, `${axis}-"$${variable}"`))))].filter(
    (each) => each !== "",
  );
  return {
    command: `${folders.length === 0 ? "" : `mkdir -p ${folders.join(" ")} && `}${command}`,
    outputs: Object.fromEntries(Object.entries(step.outputs).map(([name, path]) => [name, place(path, planned)])),
    evidence: step.evidence.map((source) => ({ ...source, path: place(source.path, planned) })),
  };
}

/** What has to lie apart: outputs, and reports that lie in none of them. Longer paths first. */
function rootsOf(step: StepDefinition): readonly string[] {
  const outputs = Object.values(step.outputs);
  const reports = step.evidence
    .map((source) => source.path)
    .filter((path) => !outputs.some((each) => path.startsWith(`${each}/`)));
  return [...new Set([...outputs, ...reports])].toSorted((left, right) => right.length - left.length);
}

/** `out/unit.xml` → `out/FOLDER/unit.xml`, `coverage` → `coverage/FOLDER`. */
function placed(root: string, folder: string): string {
  const slash = root.lastIndexOf("/");
  const name = root.slice(slash + 1);
  return name.includes(".") ? `${root.slice(0, slash + 1)}${folder}/${name}` : `${root}/${folder}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

type Quote = "" | "'" | '"';

function inQuotes(variable: string, quote: Quote): string {
  // Out of the single quotes, and back into them.
  return quote === "'" ? `'"$${variable}"'` : quote === '"' ? `$${variable}` : `"$${variable}"`;
}

/** Each place where the shell line names that path as a whole, or something below it. */
function replacePath(command: string, path: string, by: (quote: Quote) => string): string {
  let quote: Quote = "";
  let made = "";
  for (let at = 0; at < command.length;) {
    const before = at === 0 ? " " : (command[at - 1] ?? " ");
    const behind = command[at + path.length] ?? " ";
    if (command.startsWith(path, at) && /[\s=:'"/>]/u.test(before) && /[\s'"/;)&|]/u.test(behind)) {
      made += by(quote);
      at += path.length;
      continue;
    }
    const character = command[at] ?? "";
    if (character === "\\" && quote !== "'") {
      made += command.slice(at, at + 2);
      at += 2;
      continue;
    }
    if ((character === "'" || character === '"') && (quote === "" || quote === character))
      quote = quote === "" ? character : "";
    made += character;
    at += 1;
  }
  return made;
}
