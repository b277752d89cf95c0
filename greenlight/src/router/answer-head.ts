import type { IncomingHttpHeaders } from "node:http";

/** How the body behind a head ends (RFC 9112 §6.3): after that many bytes, with its last chunk, or with the connection. */
export type Framing = number | "chunks" | "close";

export interface AnswerHead {
  readonly status: number;
  readonly message: string;
  /** Names in lower case; without those that were for this connection alone. */
  readonly headers: IncomingHttpHeaders;
  readonly framing: Framing;
  /** How long the service keeps the connection open for a next request; 0: not at all. */
  readonly keptMs: number;
}

const STATUS = /^HTTP\/1\.[01] \d{3}(?: |$)/;
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Anything but tab, what is printable, and bytes beyond ASCII. */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const LENGTH = /^\d{1,15}$/;
const REMEMBERED_NAMES = 256;

/** Headers of one service are much the same in every answer. */
const names = new Map<string, string>();

/** Objects of one shape, quick to read, that inherit nothing: a header may be called `constructor`. */
const Headers = function Headers() {} as unknown as new () => Record<string, string | string[] | undefined>;
Headers.prototype = Object.create(null);

/**
 * Reads the head of an answer to a request with `method`: `text` is what stands before the empty line, one character a byte.
 * Null: it is malformed, or it is not clear where its body ends. Such an answer is never passed on (RFC 9112 §6.3).
 */
export function parseAnswerHead(text: string, method: string): AnswerHead | null {
  const lineEnd = text.indexOf("\r\n");
  const statusLine = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const minor = statusLine.charCodeAt(7) - 48;
  const status = STATUS.test(statusLine) ? Number(statusLine.slice(9, 12)) : 0;
  if (status < 100) return null;
  const message = statusLine.slice(13);
  if (NOT_IN_VALUE.test(message)) return null;

  const headers = new Headers();
  let length: string | null = null;
  let coding: string | null = null;
  let connection: string | null = null;
  let keepAlive: string | null = null;
  for (let at = lineEnd === -1 ? text.length : lineEnd + 2; at < text.length;) {
    const found = text.indexOf("\r\n", at);
    const end = found === -1 ? text.length : found;
    const colon = text.indexOf(":", at);
    if (colon === -1 || colon >= end) return null;
    const name = nameOf(text.slice(at, colon));
    const value = trimmed(text, colon + 1, end);
    if (name === null || NOT_IN_VALUE.test(value)) return null;
    at = end + 2;
    if (name === "connection") connection = joined(connection, value);
    else if (name === "keep-alive") keepAlive = value;
    else if (name === "transfer-encoding") coding = joined(coding, value);
    else if (name === "content-length") {
      if (!LENGTH.test(value) || (length !== null && length !== value)) return null;
      length = value;
      headers[name] = value;
    } else add(headers, name, value);
  }

  const isPersistent = minor === 1 && connection === null;
  const options = isPersistent || connection === null ? [] : connection.toLowerCase().split(",").map(trim);
  // What it lists belongs to this connection too; whoever passes the headers on takes it away.
  if (connection !== null && options.some((each) => each !== "close" && each !== "keep-alive")) {
    headers["connection"] = connection;
  }
  const framing = framingOf({ status, method, minor, length, coding });
  if (framing === null) return null;
  const isKept = framing !== "close" && minor === 1 && !options.includes("close");
  const keptMs = isKept ? hintMs(keepAlive) : 0;
  return { status, message, headers: headers as IncomingHttpHeaders, framing, keptMs };
}

function framingOf(answer: {
  readonly status: number;
  readonly method: string;
  readonly minor: number;
  readonly length: string | null;
  readonly coding: string | null;
}): Framing | null {
  const { status, method, minor, length, coding } = answer;
  // Nobody asked to change the protocol here.
  if (status === 101) return null;
  if (coding !== null) {
    // Both together are how an answer is smuggled into another; a coding that nobody asked for can't be taken off.
    if (length !== null || minor === 0 || coding.toLowerCase() !== "chunked") return null;
  }
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return 0;
  if (coding !== null) return "chunks";
  return length === null ? "close" : Number(length);
}

/** `Keep-Alive: timeout=5`: what the service promises; without it, no bound is known. */
function hintMs(keepAlive: string | null): number {
  const [, seconds] = keepAlive === null ? [] : (/(?:^|[\s,])timeout=(\d{1,6})/i.exec(keepAlive) ?? []);
  return seconds === undefined ? Infinity : Number(seconds) * 1000;
}

function nameOf(raw: string): string | null {
  const known = names.get(raw);
  if (known !== undefined) return known;
  if (!NAME.test(raw)) return null;
  const name = raw.toLowerCase();
  if (names.size < REMEMBERED_NAMES) names.set(raw, name);
  return name;
}

function add(headers: Record<string, string | string[] | undefined>, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (typeof before === "string") headers[name] = [before, value];
  else before.push(value);
}

function joined(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`;
}

/** Without the spaces and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function trim(text: string): string {
  return text.trim();
}
