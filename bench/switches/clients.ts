import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** What the clients tell on disconnect or when asked: when the last request was sent that each release answered (ms since the epoch). */
export interface ClientsReport {
  readonly lastSentMs: Readonly<Record<string, number>>;
  readonly requestCount: number;
  readonly failures: readonly string[];
}

const CLIENT_COUNT = 8;
const THINKING_MS = 2;

// A process of their own: in the controller's, they would measure how long it lets them wait.
const port = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: CLIENT_COUNT });
const lastSentMs: Record<string, number> = {};
const failures: string[] = [];
let requestCount = 0;

process.on("message", () => {
  const report: ClientsReport = { lastSentMs, requestCount, failures };
  process.send?.(report);
});
process.on("disconnect", () => process.exit(0));

for (let client = 0; client < CLIENT_COUNT; client += 1) void askOnAndOn();

/** Never asks a second time for the same answer. */
async function askOnAndOn(): Promise<never> {
  for (;;) {
    const sentAt = Date.now();
    requestCount += 1;
    try {
      const sent = request({ host: "127.0.0.1", port, path: "/predict", agent });
      sent.end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      let text = "";
      for await (const chunk of answer) text += String(chunk);
      if (answer.statusCode === 200) lastSentMs[(JSON.parse(text) as { releaseId: string }).releaseId] = sentAt;
      else failures.push(`status ${answer.statusCode}`);
    } catch (error) {
      failures.push(String(error));
    }
    await pause(THINKING_MS);
  }
}
