/** An element as fast-xml-parser gives it: attributes with `@`, text in `#text`, children by tag name. */
export interface XmlNode {
  readonly [name: string]: unknown;
}

/** The child elements of one tag name, in order; an empty element counts as one without anything in it. */
export function childrenOf(node: XmlNode, name: string): XmlNode[] {
  if (!Object.hasOwn(node, name)) return [];
  const found = node[name];
  return (Array.isArray(found) ? found : [found]).map((child: unknown) =>
    typeof child === "object" && child !== null ? (child as XmlNode) : { "#text": child },
  );
}

/** The attribute's text, or null when the element does not have it. */
export function attributeOf(node: XmlNode, name: string): string | null {
  const value = node[`@${name}`];
  return typeof value === "string" ? decodeEntities(value) : null;
}

/** The element's own text; CDATA sections stand after the rest. */
export function textOf(node: XmlNode): string {
  const literal = node["#cdata"];
  const sections = (Array.isArray(literal) ? literal : [literal]).filter((part) => typeof part === "string");
  const text = node["#text"];
  return [typeof text === "string" ? decodeEntities(text) : "", ...sections].join("\n").trim();
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five predefined entities and numeric references (XML 1.0 §4.6, §4.1), in one pass: nothing expands twice. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (whole, named, decimal, hex) => {
    if (typeof named === "string") return NAMED[named] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
