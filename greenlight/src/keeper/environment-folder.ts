import { join } from "node:path";

/** Where an environment keeps its truth. One keeper owns one such folder. */
export interface EnvironmentFolder {
  readonly root: string;
  /** Pid, control port and token of the keeper; readable by its user only. */
  readonly keeperRecord: string;
  /** What should run; written by the keeper alone. */
  readonly desired: string;
  /** Pid, admin port and token of the router. */
  readonly routerRecord: string;
  /** Which deployment has the traffic: the commit point. Written by the router, and by the keeper while no router runs. */
  readonly route: string;
  readonly keeperLocks: string;
  readonly leases: string;
  readonly deployments: string;
  /** What people answered, one file a deployment. */
  readonly approvals: string;
  /** Of what runs in the slots; see `slot-secrets.ts`. */
  readonly secrets: string;
  readonly releases: string;
  readonly predictions: string;
  readonly compileCache: string;
  /** The certificate that served last, with its key. */
  readonly keptCertificate: string;
  /** Certificates from an authority: their files, the account's key, how the attempts went. */
  readonly acme: string;
  /** What the authority may ask for just now, one file a token. */
  readonly acmeChallenges: string;
  /** What runs as `name`: `router`, `blue`, `green`. */
  processRecord(name: string): string;
  log(name: string): string;
}

export function environmentFolder(root: string): EnvironmentFolder {
  return {
    root,
    keeperRecord: join(root, "keeper.json"),
    desired: join(root, "desired.json"),
    routerRecord: join(root, "router.json"),
    route: join(root, "route.json"),
    keeperLocks: join(root, "locks", "keeper"),
    leases: join(root, "locks", "lease"),
    deployments: join(root, "deployments"),
    approvals: join(root, "approvals"),
    secrets: join(root, "secrets"),
    releases: join(root, "releases"),
    predictions: join(root, "predictions"),
    compileCache: join(root, "compile-cache"),
    keptCertificate: join(root, "tls", "kept.json"),
    acme: join(root, "acme"),
    acmeChallenges: join(root, "acme", "challenges"),
    processRecord: (name) => join(root, "processes", `${name}.json`),
    log: (name) => join(root, "logs", `${name}.log`),
  };
}
