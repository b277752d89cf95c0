/** What an expression may speak of: contexts by name, and the status functions. */
export interface Contexts {
  readonly values: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<"success" | "failure" | "cancelled", boolean>>;
}

/**
 * Evaluates an expression of GitHub Actions as "Evaluate expressions in workflows and actions" describes it, as far as
 * compiled workflows use it. Text is compared without regard to case; `&&` and `||` give one of their operands.
 */
export function evaluate(expression: string, contexts: Contexts): unknown {
  const reader = new Reader(tokensOf(expression), contexts);
  const value = reader.either();
  reader.end();
  return value;
}

/** Replaces each `${{ … }}` in a text by what it comes to. */
export function interpolate(text: string, contexts: Contexts): string {
  // Strings inside an expression may hold its closing braces.
  return text.replaceAll(/\$\{\{((?:[^'}]|\}(?!\})|'(?:[^']|'')*')*)\}\}/gu, (_whole, inner: string) =>
    asText(evaluate(inner, contexts)),
  );
}

export function isTruthy(value: unknown): boolean {
  return value !== false && value !== 0 && value !== "" && value !== null && value !== undefined;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

const TOKEN =
  /\s*(?:('(?:[^']|'')*')|(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*(?:\.(?:\*|[A-Za-z_][\w-]*))*)|(&&|\|\||==|!=|[!(),]))/uy;

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const source = text.trimEnd();
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw new Error(`no expression of GitHub at ${at}: ${text}`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #contexts: Contexts;
  #next = 0;

  constructor(tokens: readonly string[], contexts: Contexts) {
    this.#tokens = tokens;
    this.#contexts = contexts;
  }

  either(): unknown {
    let value = this.#both();
    while (this.#take("||")) {
      const right = this.#both();
      value = isTruthy(value) ? value : right;
    }
    return value;
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw new Error(`unexpected ${this.#tokens[this.#next]}`);
  }

  #both(): unknown {
    let value = this.#compared();
    while (this.#take("&&")) {
      const right = this.#compared();
      value = isTruthy(value) ? right : value;
    }
    return value;
  }

  #compared(): unknown {
    const left = this.#single();
    if (this.#take("==")) return isEqual(left, this.#single());
    if (this.#take("!=")) return !isEqual(left, this.#single());
    return left;
  }

  #single(): unknown {
    if (this.#take("!")) return !isTruthy(this.#single());
    if (this.#take("(")) {
      const value = this.either();
      this.#expect(")");
      return value;
    }
    const token = this.#tokens[this.#next];
    this.#next += 1;
    if (token === undefined) throw new Error("the expression ends too early");
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^\d/u.test(token)) return Number(token);
    if (token === "true" || token === "false") return token === "true";
    if (this.#take("(")) return this.#call(token);
    return this.#look(token.split("."));
  }

  #call(name: string): unknown {
    const args: unknown[] = [];
    while (!this.#take(")")) {
      args.push(this.either());
      if (!this.#take(",")) {
        this.#expect(")");
        break;
      }
    }
    const [first, second] = args;
    switch (name) {
      case "always":
        return true;
      case "success":
      case "failure":
      case "cancelled":
        if (this.#contexts.status === undefined) throw new Error(`${name}() has no meaning here`);
        return this.#contexts.status[name];
      case "contains":
        if (Array.isArray(first)) return first.some((each) => isEqual(each, second));
        return asText(first).toLowerCase().includes(asText(second).toLowerCase());
      case "startsWith":
        return asText(first).toLowerCase().startsWith(asText(second).toLowerCase());
      case "fromJSON":
        return JSON.parse(asText(first)) as unknown;
      case "toJSON":
        return JSON.stringify(first, null, 2);
      default:
        throw new Error(`GitHub has no function ${name}`);
    }
  }

  #look(path: readonly string[]): unknown {
    const [context = "", ...rest] = path;
    if (!Object.hasOwn(this.#contexts.values, context)) throw new Error(`no context ${context} here`);
    return rest.reduce<unknown>(memberOf, this.#contexts.values[context]);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new Error(`expected ${token}, found ${this.#tokens[this.#next]}`);
  }
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return null;
  if (key === "*") return Object.values(value);
  if (Array.isArray(value)) return value.map((each) => memberOf(each, key));
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : null;
}

function isEqual(left: unknown, right: unknown): boolean {
  if (typeof left === "string" && typeof right === "string") return left.toLowerCase() === right.toLowerCase();
  if (typeof left === typeof right) return left === right;
  return asNumber(left) === asNumber(right);
}

function asNumber(value: unknown): number {
  if (value === null || value === undefined || value === "") return 0;
  return Number(value);
}
