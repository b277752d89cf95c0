import { parse } from "yaml";

/** A workflow's text as the plain data that a reader of YAML sees. */
export function readWorkflow(text: string): unknown {
  return parse(text);
}
