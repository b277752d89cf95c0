export { node } from "./node/index.ts";
export { security } from "./security/index.ts";
