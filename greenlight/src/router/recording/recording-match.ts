export type RequestMatcher = (method: string, path: string) => boolean;

/** Whether a request is one of those that the patterns name; the query does not count. */
export function requestMatcher(
  patterns: readonly { readonly method: string; readonly path: string }[],
): RequestMatcher {
  const made = patterns.map(({ method, path }) => ({ method: method.toUpperCase(), path: expressionOf(path) }));
  return (method, path) => {
    const at = path.indexOf("?");
    const bare = at < 0 ? path : path.slice(0, at);
    return made.some((each) => each.method === method && each.path.test(bare));
  };
}

/** `*` stands for any text without a slash, `**` for any text. */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*)/u).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "u");
}
