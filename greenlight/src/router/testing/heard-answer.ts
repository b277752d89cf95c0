import type { IncomingHttpHeaders } from "node:http";

import type { PlainRequest } from "../request-head.ts";
import type { AnswerController, AnswerHandler, ServicePool } from "../service-pool.ts";

export const GET: PlainRequest = { method: "GET", path: "/", headers: ["host", "x"], body: null };

/** Keeps what it is told, and the order. */
export class HeardAnswer implements AnswerHandler {
  readonly calls: string[] = [];
  status = 0;
  headers: IncomingHttpHeaders = {};
  body = "";
  error: (Error & { code?: string }) | null = null;
  controller: AnswerController | null = null;
  readonly over: Promise<void>;
  #end: () => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onRequestStart(controller: AnswerController): void {
    this.controller = controller;
    this.calls.push("start");
  }
  onResponseStart(_controller: AnswerController, status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
    this.calls.push("head");
  }
  onResponseData(_controller: AnswerController, data: Buffer): boolean {
    this.body += data.toString("latin1");
    return false;
  }
  onResponseWhole(controller: AnswerController, data: Buffer): boolean {
    this.onResponseEnd();
    return this.onResponseData(controller, data);
  }
  onResponseEnd(): void {
    this.calls.push("end");
    this.#end();
  }
  onResponseError(_controller: AnswerController, error: Error): void {
    this.error = error;
    this.calls.push("error");
    this.#end();
  }
}

/** Sends a request, a plain GET unless it says otherwise, and waits until its answer is over. */
export async function ask(through: ServicePool, request: Partial<PlainRequest> = {}): Promise<HeardAnswer> {
  const heard = new HeardAnswer();
  through.dispatch({ ...GET, ...request }, heard);
  await heard.over;
  return heard;
}
