import { describe, expect, test } from "vitest";

import { FrameFollower } from "./websocket-frames.ts";

function frame(opcode: number, size: number, isMasked = false): Buffer {
  const length =
    size < 126
      ? Buffer.from([size])
      : size < 65_536
        ? Buffer.from([126, size >> 8, size & 0xff])
        : Buffer.concat([Buffer.from([127]), bigLength(size)]);
  if (isMasked) length[0] = (length[0] ?? 0) | 0x80;
  return Buffer.concat([
    Buffer.from([0x80 | opcode]),
    length,
    Buffer.alloc(isMasked ? 4 : 0),
    Buffer.alloc(size, 0x88),
  ]);
}

function bigLength(size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size));
  return bytes;
}

describe("the frames of a WebSocket", () => {
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 100_000];

  test.each([false, true])("are followed to their ends, whole or cut anywhere (masked: %s)", (isMasked) => {
    for (const size of sizes) {
      for (const step of [1, 2, 3, 7, 1000, 1_000_000]) {
        const bytes = Buffer.concat([frame(1, size, isMasked), frame(2, 3, isMasked)]);
        const follower = new FrameFollower();
        let endCount = 0;
        for (let from = 0; from < bytes.length; from += step) {
          const chunk = bytes.subarray(from, from + step);
          const end = follower.pass(chunk);
          if (end === -1) continue;
          endCount += 1;
          if (endCount === 1) expect(from + end).toBe(bytes.length - frame(2, 3, isMasked).length);
        }
        expect(follower.isBetweenFrames).toBe(true);
        expect(endCount).toBeGreaterThan(0);
      }
    }
  });

  test("are not over in the middle of a head or a body", () => {
    for (const cut of [1, 2, 3, 10]) {
      const follower = new FrameFollower();
      expect(follower.pass(frame(1, 200).subarray(0, cut))).toBe(-1);
      expect(follower.isBetweenFrames).toBe(false);
    }
  });

  test("tell when one of them closes", () => {
    const follower = new FrameFollower();
    follower.pass(frame(1, 10));
    expect(follower.isClosed).toBe(false);
    follower.pass(frame(8, 2));
    expect(follower.isClosed).toBe(true);
  });
});
