export { node } from "./node/index.ts";
export { python } from "./python/index.ts";
