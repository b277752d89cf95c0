import { displayWidth } from "../../text-width.ts";

interface Cell {
  /** One character with its combining marks; empty behind a wide one. */
  readonly text: string;
}

interface Row {
  cells: Cell[];
  /** True: the next row goes on with the same line, because this one was full. */
  isWrapped: boolean;
}

/**
 * What a terminal shows after it was sent some bytes: a window with scrollback, a cursor, wrapping, wide characters and
 * those control sequences that a well-behaved program needs. An unknown one throws, so that a test tells of it.
 */
export class TerminalScreen {
  #columns: number;
  #rows: number;
  #screen: Row[];
  readonly #scrolled: Row[] = [];
  #row = 0;
  #column = 0;
  /** The last column was filled, and the next character begins a new row. */
  #isWrapPending = false;
  #rest = "";
  #isCursorShown = true;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#screen = Array.from({ length: rows }, emptyRow);
  }

  get isCursorShown(): boolean {
    return this.#isCursorShown;
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** The rows of the window, without trailing blanks. */
  get rows(): readonly string[] {
    return this.#screen.map(textOf);
  }

  /** Everything that was shown, from the first row scrolled away to the last one with text; wrapped rows are joined. */
  get lines(): readonly string[] {
    const lines: string[] = [];
    let text = "";
    for (const row of [...this.#scrolled, ...this.#screen]) {
      text += row.isWrapped ? row.cells.map((cell) => cell.text).join("") : textOf(row);
      if (row.isWrapped) continue;
      lines.push(text);
      text = "";
    }
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  write(text: string): void {
    this.#rest += text;
    while (this.#rest !== "") {
      if (!this.#rest.startsWith("\u001b")) {
        const character = String.fromCodePoint(this.#rest.codePointAt(0) ?? 0);
        this.#rest = this.#rest.slice(character.length);
        this.#put(character);
        continue;
      }
      // eslint-disable-next-line no-control-regex -- that is what a sequence begins with
      const found = /^\u001b\[([?0-9;]*)([A-Za-z])/u.exec(this.#rest);
      if (found === null) {
        // The rest of the sequence is still to come.
        // eslint-disable-next-line no-control-regex
        if (/^\u001b(\[[?0-9;]*)?$/u.test(this.#rest)) return;
        throw new Error(`an unknown sequence: ${JSON.stringify(this.#rest.slice(0, 20))}`);
      }
      this.#rest = this.#rest.slice(found[0].length);
      this.#obey(found[1] ?? "", found[2] ?? "");
    }
  }

  /** Wraps every line anew, as most terminals do, and keeps the cursor at its character. */
  resize(columns: number, rows: number): void {
    const { all, cursor } = rewrap([...this.#scrolled, ...this.#screen], {
      row: this.#scrolled.length + this.#row,
      column: this.#column,
      columns,
    });
    // Empty rows below the cursor are not worth scrolling for.
    while (all.length > rows && all.length - 1 > cursor.row && textOf(all.at(-1) ?? emptyRow()) === "") all.pop();
    const scrolledCount = Math.max(0, all.length - rows);
    this.#scrolled.splice(0, this.#scrolled.length, ...all.slice(0, scrolledCount));
    this.#screen = all.slice(scrolledCount);
    while (this.#screen.length < rows) this.#screen.push(emptyRow());
    this.#columns = columns;
    this.#rows = rows;
    this.#row = Math.max(0, cursor.row - scrolledCount);
    this.#column = Math.min(cursor.column, columns - 1);
    this.#isWrapPending = false;
  }

  #put(character: string): void {
    if (character === "\r") {
      this.#column = 0;
      this.#isWrapPending = false;
      return;
    }
    if (character === "\n") {
      this.#lineFeed();
      return;
    }
    if (character < " ") {
      if (character === "\u0007") return;
      throw new Error(`a control character: ${JSON.stringify(character)}`);
    }
    const width = displayWidth(character);
    const row = this.#screen[this.#row] ?? emptyRow();
    if (width === 0) {
      const before = row.cells[this.#column - 1];
      if (before !== undefined) row.cells[this.#column - 1] = { text: before.text + character };
      return;
    }
    if (this.#isWrapPending || this.#column + width > this.#columns) {
      row.isWrapped = true;
      this.#column = 0;
      this.#lineFeed();
    }
    const target = this.#screen[this.#row] ?? emptyRow();
    while (target.cells.length < this.#column) target.cells.push({ text: " " });
    target.cells[this.#column] = { text: character };
    if (width === 2) target.cells[this.#column + 1] = { text: "" };
    this.#column += width;
    this.#isWrapPending = this.#column >= this.#columns;
    if (this.#isWrapPending) this.#column = this.#columns - 1;
  }

  #lineFeed(): void {
    this.#isWrapPending = false;
    if (this.#row < this.#rows - 1) {
      this.#row += 1;
      return;
    }
    const first = this.#screen.shift();
    if (first !== undefined) this.#scrolled.push(first);
    this.#screen.push(emptyRow());
  }

  #obey(parameters: string, command: string): void {
    const number = parameters === "" ? 1 : Number(parameters);
    if (command === "m" || parameters === "?2026") return;
    this.#isWrapPending = false;
    if (parameters === "?25") this.#isCursorShown = command === "h";
    else if (command === "A") this.#row = Math.max(0, this.#row - number);
    else if (command === "B") this.#row = Math.min(this.#rows - 1, this.#row + number);
    else if (command === "G") this.#column = Math.min(this.#columns, number) - 1;
    else if (command === "K" && number !== 2) this.#clearEnd();
    else if (command === "J" && number !== 2) {
      this.#clearEnd();
      for (let row = this.#row + 1; row < this.#rows; row += 1) this.#screen[row] = emptyRow();
    } else throw new Error(`an unknown sequence: ${parameters}${command}`);
  }

  #clearEnd(): void {
    const row = this.#screen[this.#row];
    if (row === undefined) return;
    row.cells = row.cells.slice(0, this.#column);
    row.isWrapped = false;
  }
}

function rewrap(
  rows: readonly Row[],
  at: { readonly row: number; readonly column: number; readonly columns: number },
): { readonly all: Row[]; readonly cursor: { readonly row: number; readonly column: number } } {
  const all: Row[] = [];
  let cursor = { row: 0, column: 0 };
  let line: Cell[] = [];
  let cursorIn: number | null = null;
  for (const [index, row] of rows.entries()) {
    if (index === at.row) cursorIn = line.length + at.column;
    line.push(...row.cells);
    if (row.isWrapped) continue;
    const first = all.length;
    for (let from = 0; from === 0 || from < line.length; from += at.columns) {
      all.push({ cells: line.slice(from, from + at.columns), isWrapped: from + at.columns < line.length });
    }
    if (cursorIn !== null) {
      const to = Math.min(all.length - 1, first + Math.floor(cursorIn / at.columns));
      cursor = { row: to, column: cursorIn - (to - first) * at.columns };
      cursorIn = null;
    }
    line = [];
  }
  return { all, cursor };
}

function emptyRow(): Row {
  return { cells: [], isWrapped: false };
}

function textOf(row: Row): string {
  return row.cells
    .map((cell) => cell.text)
    .join("")
    .trimEnd();
}
