import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { NO_MASKING, type LogFilter, type Masking } from "../../engine/steps/masking.ts";
import { isMaskable } from "../../masking/secret-texts.ts";

/**
 * Takes out of a service's own log what its slots were given: such a log is written by the service alone, so that nothing stands
 * between the two, and masked when it is shown. `root`: the environment's folder. Only secrets of present slots are known here.
 */
export async function keptSecretsFilter(root: string): Promise<LogFilter> {
  const { Masker } = await import("../../masking/masker.ts");
  let names: readonly string[] = [];
  let filter: LogFilter = NO_MASKING.stream();
  return {
    push: (chunk) => {
      const present = secretFiles(root);
      if (present.join("/") === names.join("/")) return filter.push(chunk);
      // A deployment has come or gone meanwhile.
      names = present;
      const rest = filter.flush();
      filter = maskingOf(root, present, (named) => new Masker(named)).stream();
      return Buffer.concat([rest, filter.push(chunk)]);
    },
    flush: () => filter.flush(),
  };
}

function secretFiles(root: string): readonly string[] {
  try {
    return readdirSync(join(root, "secrets"))
      .filter((name) => name.endsWith(".json"))
      .toSorted();
  } catch {
    return [];
  }
}

type Named = readonly { readonly name: string; readonly value: string }[];

function maskingOf(root: string, files: readonly string[], mask: (named: Named) => Masking): Masking {
  const named = files.flatMap((file) => secretsIn(join(root, "secrets", file)));
  return named.length === 0 ? NO_MASKING : mask(named);
}

/** None where the file is gone or torn: the keeper then starts no service with it either. */
function secretsIn(path: string): Named {
  try {
    const secrets = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
    return Object.entries(secrets).flatMap(([name, value]) =>
      typeof value === "string" && isMaskable(value) ? [{ name, value }] : [],
    );
  } catch {
    return [];
  }
}
