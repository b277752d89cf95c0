export { node } from "./node/index.ts";
