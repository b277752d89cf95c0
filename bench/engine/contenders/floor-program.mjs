// The least that running the tasks can cost in Node: their commands, two at once, in order; nothing checked or kept.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const { commands, concurrency } = JSON.parse(readFileSync("commands.json", "utf8"));
let next = 0;

await Promise.all(Array.from({ length: concurrency }, work));

async function work() {
  while (next < commands.length) {
    const command = commands[next];
    next += 1;
    await new Promise((resolve, reject) => {
      spawn("sh", ["-c", command], { stdio: "ignore" }).on("error", reject).on("exit", resolve);
    });
  }
}
