import { cleanFiles } from "./films/clean-files.ts";
import { runCommand } from "./films/command.ts";

await runCommand(async () => {
  const { keptCount, quarantinedCount, readCount, rejectedCount, rules } = await cleanFiles("data");
  const unlabelledCount = rules.find((rule) => rule.action === "unlabelled")?.rowCount ?? 0;
  return [
    `cleaned ${readCount} films: ${keptCount} kept, ${rejectedCount} rejected, ${quarantinedCount} quarantined, ${unlabelledCount} without a rating`,
    "wrote data/films.jsonl, data/quarantine.jsonl and data/validation.json",
  ];
});
