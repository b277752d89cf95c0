import { step } from "../../pipeline/define.ts";
import type { StepDefinition } from "../../pipeline/definition.ts";

/** A task that copies its input in upper case and counts its executions in a file that nobody declares. */
export const shout: StepDefinition = step("shout", {
  run: "mkdir -p out && tr a-z A-Z < in.txt > out/shout.txt && echo x >> count-shout",
  inputs: ["in.txt"],
  outputs: { text: "out/shout.txt" },
});
