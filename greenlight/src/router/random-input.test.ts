import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const SEED = Number(process.env["GREENLIGHT_SEED"] ?? 20_261_122);
const ROUND_COUNT = 200;
const CLIENT_COUNT = 20;
const LISTENED_MS = 2000;
const QUIET_MS = 200;
const LIMITS = { clientHeadTimeoutMs: 300, uploadWindowMs: 300 };

const SAMPLES = [
  "GET /predict?x=1 HTTP/1.1\r\nHost: films\r\nAccept: */*\r\nConnection: close\r\n\r\n",
  'POST /predict HTTP/1.1\r\nHost: films\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{"film":"Alien"}',
  "POST / HTTP/1.1\r\nHost: films\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nX-T: 1\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: films\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
  "POST /a HTTP/1.1\r\nHost: films\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: films\r\nConnection: close\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: films\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
] as const;
const PIECES = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "1",
  "fff",
  "\xff",
  "\x0b",
  "chunked",
  "Host: b\r\n",
];
const LINES = [
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip\r\n",
  "Connection: close\r\n",
];

/** Requests with something put in, taken out, or doubled anywhere. */
describe(`requests that were damaged at random (seed ${SEED})`, () => {
  let rig: RouterRig;
  let arrivedCount = 0;
  beforeAll(async () => {
    rig = await RouterRig.start({ limits: LIMITS });
    const { port } = await rig.service((request, response) => {
      request.resume();
      request.on("end", () => {
        arrivedCount += 1;
        response.setHeader("x-service", "yes").end("ok");
      });
    });
    await rig.route("a", port);
  });
  afterAll(() => rig.end());

  /** What comes back until the router closes the connection, or nothing comes any more. */
  async function speak(text: string): Promise<string> {
    const socket = rig.connect();
    let answer = "";
    let timer = setTimeout(() => socket.destroy(), LISTENED_MS);
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), QUIET_MS);
    });
    socket.write(Buffer.from(text, "latin1"));
    await new Promise((resolve) => socket.once("close", resolve));
    clearTimeout(timer);
    return answer;
  }

  const random = generator(SEED);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

  function damaged(): string {
    let text: string = pick(SAMPLES);
    for (let damage = 0; damage <= random() * 3; damage += 1) {
      const at = Math.floor(random() * text.length);
      const end = Math.min(text.length, at + 1 + Math.floor(random() * 8));
      const kind = random();
      if (kind < 0.4) text = text.slice(0, at) + pick(PIECES) + text.slice(at);
      else if (kind < 0.6) text = text.slice(0, at) + text.slice(end);
      else if (kind < 0.8) text = text.slice(0, end) + text.slice(at);
      else text = text.replace("\r\n", `\r\n${pick(LINES)}`);
    }
    return text;
  }

  test("never end the router, reach the service only as often as it answered them, and leave nothing in flight", async () => {
    let answeredCount = 0;
    let refusedCount = 0;
    for (let round = 0; round < ROUND_COUNT; round += CLIENT_COUNT) {
      const texts = Array.from({ length: CLIENT_COUNT }, damaged);
      const answers = (await Promise.all(texts.map(speak))).join("");
      answeredCount += answers.match(/x-service: yes/g)?.length ?? 0;
      refusedCount += answers.match(/HTTP\/1\.1 [45]\d\d /g)?.length ?? 0;
      // A client that hung up may have been answered in vain, never the other way round.
      expect(answeredCount).toBeLessThanOrEqual(arrivedCount);
    }
    expect(refusedCount).toBeGreaterThan(ROUND_COUNT / 10);
    expect(answeredCount).toBeGreaterThan(ROUND_COUNT / 10);
    expect((await rig.ask("GET", "/")).text).toBe("ok");
    await expect.poll(() => rig.trafficOf("a"), { timeout: 4000 }).toMatchObject({ inFlightCount: 0, failureCount: 0 });
  });
});

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
