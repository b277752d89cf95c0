import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

export type UnitScope = "user" | "system";

export interface UnitRequest {
  readonly project: string;
  readonly environment: string;
  /** Absolute folder of the environment. */
  readonly folder: string;
  readonly scope: UnitScope;
  /** Who is to own what runs, for a unit of the system; a name or a number. */
  readonly user: string;
  /** Absolute paths of Node and of the program that stands by. */
  readonly node: string;
  readonly program: string;
  /** What every process of the environment gets. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface UnitFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** The systemd unit of one environment (systemd.unit(5), systemd.service(5)), as plain text. */
export function unitFile(request: UnitRequest): UnitFile {
  const { project, environment, folder, scope, user } = request;
  const name = unitName(request);
  const isSystem = scope === "system";
  const lines = [
    "[Unit]",
    `Description=Greenlight keeper of ${inLine(`${project}, ${environment}`)}`,
    `ConditionPathIsDirectory=${inLine(folder)}`,
    `RequiresMountsFor=${quoted(folder)}`,
    ...(isSystem ? ["After=network.target"] : []),
    "# It is to be there whenever both router and keeper are gone, however often that is.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    // The name of a program may hold no quote, backslash or dollar sign; an argument may.
    `ExecStart=/usr/bin/env ${[request.node, request.program, folder].map(asArgument).join(" ")}`,
    ...(isSystem ? [`User=${inLine(user)}`] : []),
    ...Object.entries(request.variables).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`),
    "SyslogIdentifier=greenlight",
    "Restart=always",
    "RestartSec=1",
    "# Router and slots live in this group, too: they outlive the unit, and one that the kernel ends ends nobody else.",
    "KillMode=process",
    "OOMPolicy=continue",
    "",
    "[Install]",
    `WantedBy=${isSystem ? "multi-user.target" : "default.target"}`,
    "",
  ];
  return { name, path: join(unitFolder(scope), name), text: lines.join("\n") };
}

/** One for each folder: two clones of a project do not share theirs. */
function unitName({ project, environment, folder }: UnitRequest): string {
  const mark = createHash("sha256").update(folder).digest("hex").slice(0, 6);
  return `greenlight-${plain(project)}-${plain(environment)}-${mark}.service`;
}

function plain(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.]+/gu, "-").slice(0, 60);
}

function unitFolder(scope: UnitScope): string {
  if (scope === "system") return "/etc/systemd/system";
  return join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "systemd", "user");
}

/** `%` begins a specifier everywhere, and a line must stay one. */
function inLine(text: string): string {
  return text.replaceAll("%", "%%").replaceAll(/[\r\n]+/gu, " ");
}

function quoted(text: string): string {
  return `"${inLine(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** In a command line `$` begins a variable, too. */
function asArgument(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}
