/** A number in [0, limit). */
type Below = (limit: number) => number;

/** Values that readers meet where they expect another. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  "",
  "../../../etc/passwd",
  "C:\\windows\\system32",
  "file:///%2e%2e/%zz",
  "__proto__",
  "constructor",
  "\u0000\u001b[31m\ud800",
  "&#x110000;&lol;",
  -1,
  0,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  "99999999999999999999999",
  [],
  {},
  [[[[[]]]]],
  { length: 3 },
];

/** Texts that stand for themselves in any format. */
const ODD_TEXTS: readonly string[] = [
  "1e999",
  "-0",
  "9".repeat(400),
  "../".repeat(40),
  "..\\..\\",
  "\ufffd\ufffd",
  "\u0000",
  "\ufeff",
  "\r\n",
  "\n\n\n",
  "(1,2): error TS1: x",
  "]]>",
  "<![CDATA[",
  "<!--",
  '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;&b;">]>',
  '<!ENTITY x SYSTEM "file:///etc/passwd">',
  "&c;&#0;&#xFFFFFFFF;",
  "{",
  "[",
  '"',
  "\\u",
  "[".repeat(3000),
  '{"a":'.repeat(2000),
  "<testsuite>".repeat(500),
  ":1:2: ",
  "%s%n",
];

/** The report with one to four faults of the kinds that broken disks, killed tools and hostile people make. */
export function damage(text: string, below: Below): string {
  if (below(20) === 0) return randomText(below);
  let damaged = text;
  if (below(3) === 0) damaged = oddValues(damaged, below);
  for (let count = below(4); count > 0; count -= 1) damaged = oneFault(damaged, below);
  return damaged;
}

function oneFault(text: string, below: Below): string {
  const at = below(text.length + 1);
  const length = below(60);
  switch (below(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + pick(ODD_TEXTS, below) + text.slice(at + below(3) * 5);
    case 4:
      return text.slice(0, at) + text.slice(at, at + length).repeat(1 + below(30)) + text.slice(at + length);
    case 5:
      return replaceNumber(text, below);
    case 6:
      return cutBytes(text, at, below);
    default:
      return text.slice(0, at) + String.fromCharCode(below(0x10000)) + text.slice(at + 1);
  }
}

/** Some values of a JSON document exchanged for others; a text that is none stays. */
function oddValues(text: string, below: Below): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const places: [Record<string, unknown>, string][] = [];
  const pending: unknown[] = [value];
  while (pending.length > 0 && places.length < 2000) {
    const next = pending.pop();
    if (typeof next !== "object" || next === null) continue;
    for (const key of Object.keys(next)) {
      places.push([next as Record<string, unknown>, key]);
      pending.push((next as Record<string, unknown>)[key]);
    }
  }
  for (let count = 1 + below(3); count > 0 && places.length > 0; count -= 1) {
    const [holder, key] = pick(places, below);
    if (below(4) === 0) delete holder[key];
    else holder[key] = pick(ODD_VALUES, below);
  }
  return JSON.stringify(value);
}

function replaceNumber(text: string, below: Below): string {
  const numbers = [...text.matchAll(/\d+/gu)];
  if (numbers.length === 0) return text;
  const { 0: digits, index } = pick(numbers, below);
  return text.slice(0, index) + pick(ODD_TEXTS.slice(0, 3), below) + text.slice(index + digits.length);
}

/** Bytes in the middle of characters lost or turned, read as a file is. */
function cutBytes(text: string, at: number, below: Below): string {
  const bytes = Buffer.from(text);
  for (let count = 1 + below(4); count > 0; count -= 1) if (at < bytes.length) bytes[below(bytes.length)] = below(256);
  return bytes.toString("utf8");
}

function randomText(below: Below): string {
  const bytes = Buffer.alloc(below(300));
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = below(256);
  return bytes.toString(below(2) === 0 ? "utf8" : "latin1");
}

function pick<Value>(values: readonly Value[], below: Below): Value {
  return values[below(values.length)] as Value;
}
