const VOID = new Set(["meta", "link", "br", "hr", "img", "input", "col"]);
const RAW = new Set(["script", "style", "title"]);
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*(?:="[^"<>]*")?)*)\s*(\/?)>/y;

export interface PageElement {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

/**
 * The elements of a page in order of their start. Far stricter than HTML: attributes are double-quoted, everything
 * that is opened is closed in order, and outside of tags there is no bare `<` or `>`. Throws at the first breach.
 */
export function pageElements(page: string): readonly PageElement[] {
  const open: string[] = [];
  const found: PageElement[] = [];
  let place = page.startsWith("<!doctype html>") ? "<!doctype html>".length : 0;
  while (place < page.length) {
    const next = page.indexOf("<", place);
    const text = page.slice(place, next === -1 ? page.length : next);
    if (text.includes(">")) throw new Error(`bare > in ${excerpt(page, place)}`);
    if (next === -1) break;
    TAG.lastIndex = next;
    const tag = TAG.exec(page);
    if (tag === null) throw new Error(`no tag at ${excerpt(page, next)}`);
    const [all, closing = "", name = "", attributes = "", selfClosing = ""] = tag;
    place = next + all.length;
    if (closing !== "") {
      const last = open.pop();
      if (last !== name) throw new Error(`</${name}> closes <${last ?? "nothing"}> at ${excerpt(page, next)}`);
      continue;
    }
    found.push({ name, attributes: attributesOf(attributes) });
    if (RAW.has(name) && !(name === "title" && open.includes("svg"))) place = endOfRaw(page, name, place);
    else if (selfClosing === "" && !VOID.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(", ")}`);
  return found;
}

/** Names of elements and attributes alone: what no text from outside may change. */
export function pageSkeleton(page: string): string {
  return pageElements(page)
    .map((element) => [element.name, ...element.attributes.map((attribute) => attribute.name)].join(" "))
    .join("\n");
}

function attributesOf(text: string): PageElement["attributes"] {
  const found = [...text.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)(?:="([^"]*)")?/g)];
  const attributes = found.map(([, name = "", value = ""]) => ({ name, value }));
  if (new Set(attributes.map((attribute) => attribute.name)).size !== attributes.length) {
    throw new Error(`an attribute twice: ${text}`);
  }
  return attributes;
}

function endOfRaw(page: string, name: string, from: number): number {
  const end = page.indexOf(`</${name}>`, from);
  if (end === -1) throw new Error(`<${name}> never ends`);
  return end + name.length + 3;
}

function excerpt(page: string, place: number): string {
  return JSON.stringify(page.slice(Math.max(0, place - 40), place + 80));
}
