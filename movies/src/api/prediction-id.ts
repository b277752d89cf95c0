import { randomFillSync } from "node:crypto";

const RANDOM_BYTES_PER_ID = 10;
const pool = Buffer.alloc(RANDOM_BYTES_PER_ID * 256);
let poolOffset = pool.length;

let lastTimeMs = 0;
let sequence = 0;

/**
 * A UUID of version 7 (RFC 9562 §5.7): sorts by time, and within one process strictly, because the twelve bits after the
 * version count up within a millisecond (§6.2, method 1). `now` is in milliseconds since 1970.
 */
export function newPredictionId(now: number = Date.now()): string {
  if (poolOffset >= pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  advance(now);
  const time = lastTimeMs.toString(16).padStart(12, "0");
  const count = sequence.toString(16).padStart(3, "0");
  const variant = (0x8000 | (pool.readUInt16BE(poolOffset + 2) & 0x3fff)).toString(16);
  const tail = pool.toString("hex", poolOffset + 4, poolOffset + 10);
  poolOffset += RANDOM_BYTES_PER_ID;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}-${tail}`;
}

// The count starts in the lower half, so that at least 2048 ids fit into a millisecond; past that the time runs ahead by one.
function advance(now: number): void {
  if (now > lastTimeMs) {
    lastTimeMs = now;
    sequence = pool.readUInt16BE(poolOffset) & 0x7ff;
    return;
  }
  sequence += 1;
  if (sequence > 0xfff) {
    lastTimeMs += 1;
    sequence = 0;
  }
}
