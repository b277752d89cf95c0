import type * as NodeCrypto from "node:crypto";
import type * as NodeHttp from "node:http";

/**
 * `node:http` without its price: a plain `import "node:http"` reads every export, and the lazy ones among them load
 * the whole of the built-in fetch (about 65 ms on two slow cores). Keeper and router must be back within that.
 */
export const http: typeof NodeHttp = process.getBuiltinModule("node:http");

/** `node:crypto` in the same way (about 20 ms). */
export const crypto: typeof NodeCrypto = process.getBuiltinModule("node:crypto");
