/** A colour that has not come to its end yet, or the mere beginning of one. */
// eslint-disable-next-line no-control-regex -- it is what begins a colour
const OPEN_COLOUR = /\u001b(?:\[[0-9;:]{0,40})?$/u;

/** Control characters but tab, line ends and those that begin a colour. */
// eslint-disable-next-line no-control-regex -- they are what is taken out
const HARM = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[0-9;:]{0,40}m)/gu;

/**
 * What a step wrote, made fit for a terminal: colours stay, but nothing that clears the screen, moves in it, sets the window's title or
 * asks the terminal for an answer. Keeps a character or a colour that a chunk cuts in two for the next one.
 */
export class HarmlessText {
  readonly #decoder = new TextDecoder();
  #held = "";

  take(bytes: Uint8Array): string {
    const text = this.#held + this.#decoder.decode(bytes, { stream: true });
    const open = OPEN_COLOUR.exec(text);
    this.#held = open?.[0] ?? "";
    const whole = open === null ? text : text.slice(0, open.index);
    return whole.replaceAll(HARM, (found) => (found === "\u001b" ? "␛" : "·"));
  }
}
