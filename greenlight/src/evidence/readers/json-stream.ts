import { Tokenizer, TokenParser, TokenType } from "@streamparser/json";

import type { Unreadable } from "./reader.ts";

/** Keys and indexes from the document's root. */
export type JsonPath = readonly (string | number)[];

/** Deeper nesting, and single values that are larger (in UTF-16 units), are refused: both have to be held in memory. */
const MAX_DEPTH = 200;
const MAX_VALUE = 16 * 1024 * 1024;
/** Up to this depth values come and go piece by piece. */
const FREE_DEPTH = 4;

/**
 * Reads a JSON document of any size and hands over what lies at `paths` (`$.runs.*.results.*`), holding nothing else.
 * Null when it was read to its end; else what is wrong with it. Invalid UTF-8 comes out as U+FFFD. `onValue` may
 * answer with what is wrong with its value, which ends the reading.
 */
export async function streamJson(
  chunks: AsyncIterable<Uint8Array>,
  paths: readonly string[],
  onValue: (path: JsonPath, value: unknown) => Unreadable | undefined,
): Promise<Unreadable | null> {
  let fault: Unreadable | null = null;
  const refuse = (found: Unreadable): void => void (fault ??= found);
  const tokenizer = new Tokenizer();
  const parser = new TokenParser({ paths: [...paths], keepStack: false });
  const notJson = (error: Error): void => refuse({ message: `not JSON: ${error.message}` });
  tokenizer.onError = notJson;
  parser.onError = notJson;
  // The tokenizer would end with the document and then refuse the white space behind it.
  parser.onEnd = () => {};
  parser.onValue = ({ key, value, stack }) => {
    if (fault !== null) return;
    const path = [...stack.slice(1).map((each) => each.key), key].filter((each) => each !== undefined);
    const found = onValue(path, value);
    if (found !== undefined) refuse(found);
  };
  let depth = 0;
  let written = 0;
  let freeAt = 0;
  tokenizer.onToken = (token) => {
    if (fault !== null) return;
    if (token.token === TokenType.LEFT_BRACE || token.token === TokenType.LEFT_BRACKET) depth += 1;
    if (token.token === TokenType.RIGHT_BRACE || token.token === TokenType.RIGHT_BRACKET) depth -= 1;
    if (depth > MAX_DEPTH) return refuse({ message: `nested more than ${MAX_DEPTH} deep` });
    if (depth <= FREE_DEPTH) freeAt = written;
    parser.write(token);
  };
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    written += text.length;
    if (text !== "") tokenizer.write(text);
    if (written - freeAt > MAX_VALUE) refuse({ message: `a value in it is longer than ${MAX_VALUE} characters` });
    if (fault !== null) return fault;
  }
  const rest = decoder.decode();
  if (rest !== "") tokenizer.write(rest);
  if (fault === null && !parser.isEnded) return { message: "not JSON: it ends in the middle" };
  return fault;
}
