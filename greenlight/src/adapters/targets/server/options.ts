/** How the server is reached, and where on it the environment lives. All else a `server` takes belongs to `processes`. */
export interface ServerOptions {
  /** `user@host`, `host`, or a name of ~/.ssh/config. */
  readonly address: string;
  /** Null: what ~/.ssh/config says, or 22. */
  readonly sshPort: number | null;
  /** The private key, when it is none that ssh finds itself. */
  readonly identityFile: string | null;
  /** Null: ssh's own files. */
  readonly knownHosts: string | null;
  /** `known`: the server's key must be known before. `accept-new`: that of a server never seen before is trusted. */
  readonly hostKeys: "known" | "accept-new";
  /** On the server; absolute, or below the user's home with `~/`. `{project}` stands for the project's name. */
  readonly folder: string;
  /** Where users reach the service when that is not the server's name and port; null: there. */
  readonly url: string | null;
  /** Whether what is sent is compressed. Worth it but on a fast local network. */
  readonly compression: boolean;
  /** How long it is tried to connect again after a cut. */
  readonly reconnectMs: number;
}

export const SERVER_DEFAULTS: Omit<ServerOptions, "address"> = {
  sshPort: null,
  identityFile: null,
  knownHosts: null,
  hostKeys: "known",
  folder: "~/.greenlight/{project}",
  url: null,
  compression: true,
  reconnectMs: 30_000,
};

export interface Address {
  readonly user: string | null;
  readonly host: string;
}

type OptionValues = { readonly [name: string]: unknown };

/** None may begin with a dash, which ssh would read as an option. */
const ADDRESS = /^(?:([A-Za-z_][A-Za-z0-9._-]{0,63})@)?([A-Za-z0-9][A-Za-z0-9.-]{0,252}|[0-9a-f:]*:[0-9a-f:.]*)$/u;
/** Without line breaks, which end a line of what is sent, and without `..`, so that it says where it is. */
// oxlint-disable-next-line no-control-regex
const FOLDER = /^(?:\/|~\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f\u007f]{1,500}$/u;

export function parseAddress(text: string): Address | null {
  const found = ADDRESS.exec(text);
  return found === null ? null : { user: found[1] ?? null, host: found[2] ?? "" };
}

/** Tells the options that say how the server is reached from those of the processes on it. */
export function splitOptions(options: OptionValues): { readonly own: OptionValues; readonly others: OptionValues } {
  const entries = Object.entries(options);
  return {
    own: Object.fromEntries(entries.filter(([name]) => isOwn(name))),
    others: Object.fromEntries(entries.filter(([name]) => !isOwn(name))),
  };
}

function isOwn(name: string): boolean {
  return name === "address" || Object.hasOwn(SERVER_DEFAULTS, name);
}

/** What is wrong with the server's own options, one clause each; empty when they are whole and within their bounds. */
export function checkServerOptions(own: OptionValues): readonly string[] {
  const { address, sshPort, identityFile, knownHosts, hostKeys, folder, url, compression, reconnectMs } = own;
  const wrong: string[] = [];
  if (typeof address !== "string" || parseAddress(address) === null)
    wrong.push("the address must be user@host or host");
  if (sshPort !== null && !isWhole(sshPort, 1, 65_535)) wrong.push("sshPort must be a whole number from 1 to 65535");
  for (const [name, path] of Object.entries({ identityFile, knownHosts })) {
    if (path !== null && !isPath(path)) wrong.push(`${name} must be a path without quotes and control characters`);
  }
  if (hostKeys !== "known" && hostKeys !== "accept-new") wrong.push('hostKeys must be "known" or "accept-new"');
  if (typeof folder !== "string" || !FOLDER.test(folder)) wrong.push("folder must be absolute or begin with ~/");
  if (url !== null && !isWebAddress(url)) wrong.push("url must be a URL of http or https");
  if (typeof compression !== "boolean") wrong.push("compression must be true or false");
  if (!isWhole(reconnectMs, 0, 600_000)) wrong.push("reconnectMs must be a whole number from 0 to 600000");
  return wrong;
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most;
}

function isPath(value: unknown): boolean {
  // oxlint-disable-next-line no-control-regex
  return typeof value === "string" && /^[^\u0000-\u001f\u007f"]{1,1000}$/u.test(value);
}

function isWebAddress(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  return ["http:", "https:"].includes(new URL(value).protocol);
}
