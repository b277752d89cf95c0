import { open } from "node:fs/promises";

import type { SlotName } from "../../../deployment/target.ts";
import type { Place } from "./place.ts";

const TAIL_BYTES = 8 * 1024;
const TAIL_LINES = 20;

/** The last lines that the service in a slot wrote since it was last started. */
export async function slotLog({ paths }: Place, slot: SlotName): Promise<readonly string[]> {
  const text = await tail(paths.log(slot));
  const start = text.lastIndexOf("\n--- ");
  const lines = text.slice(start + 1).split("\n");
  return lines.filter((line) => line.trim() !== "" && !line.startsWith("--- ")).slice(-TAIL_LINES);
}

async function tail(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
