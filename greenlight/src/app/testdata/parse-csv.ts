/**
 * The records of CSV text that comes in pieces (RFC 4180: fields in double quotes may hold commas, line breaks and doubled quotes;
 * a byte order mark is dropped). Throws a RangeError for a record beyond `maxLength` characters and for a quote that is never closed.
 */
export async function* parseCsv(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<readonly string[]> {
  const state = { fields: [] as string[], field: "", isQuoted: false, wasQuote: false, isFirst: true, length: 0 };
  const endField = (): void => {
    state.fields.push(state.field);
    state.field = "";
    state.wasQuote = false;
  };
  const endRecord = (): readonly string[] => {
    endField();
    const record = state.fields;
    state.fields = [];
    state.length = 0;
    return record;
  };
  for await (const chunk of chunks) {
    const text: string = state.isFirst ? chunk.replace(/^\uFEFF/u, "") : chunk;
    state.isFirst = false;
    for (const character of text) {
      state.length += character.length;
      if (state.length > maxLength) throw new RangeError(`a record is longer than ${maxLength} characters`);
      if (state.isQuoted && !state.wasQuote) {
        if (character === '"') state.wasQuote = true;
        else state.field += character;
      } else if (character === '"') {
        // A second quote right after the first stands for one.
        if (state.isQuoted) state.field += '"';
        state.isQuoted = true;
        state.wasQuote = false;
      } else if (character === "," || character === "\n") {
        state.isQuoted = false;
        if (character === ",") endField();
        else yield endRecord();
      } else if (character !== "\r") state.field += character;
    }
  }
  if (state.isQuoted && !state.wasQuote) throw new RangeError("a quote is never closed");
  if (state.field !== "" || state.fields.length > 0) yield endRecord();
}

/** One record with its line end. */
export function csvRecord(fields: readonly (string | number | boolean | null)[]): string {
  const texts = fields.map((field) => {
    const text = field === null ? "" : String(field);
    return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${texts.join(",")}\n`;
}
