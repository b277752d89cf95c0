/** Where films come from. */
export interface FilmSource {
  /** For people: what was read. */
  readonly name: string;
  /**
   * One film a line, as JSON without line ends, always in the same order for the same content. Lines are passed on as
   * they are: cleaning judges them. Throws an InputProblem when the source cannot be read.
   */
  lines(): AsyncIterable<string>;
}
