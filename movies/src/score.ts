import { runCommand } from "./films/command.ts";
import { InputProblem } from "./films/problem.ts";
import { scoreRequests } from "./scoring/score-requests.ts";

/** The model without its server: requests to it come in as JSON lines, what it would answer goes out as JSON lines. */
await runCommand(async () => {
  const modelPath = process.env["MODEL_PATH"];
  if (modelPath === undefined || modelPath === "") {
    const remedy = "name the model's file, as in MODEL_PATH=out/model/model.json";
    throw new InputProblem({ code: "MODEL_MISSING", place: "MODEL_PATH", what: "not set", remedy });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return scoreRequests(Buffer.concat(chunks).toString("utf8"), modelPath);
});
