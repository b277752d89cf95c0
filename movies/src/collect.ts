import { chosenSource, collectFilms } from "./collector/collect-films.ts";
import { runCommand } from "./films/command.ts";

await runCommand(async () => {
  const { lineCount, path, source } = await collectFilms(chosenSource(process.env), "data");
  return [`collected ${lineCount} films from ${source}`, `wrote ${path}`];
});
