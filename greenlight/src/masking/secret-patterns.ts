import { base64Forms } from "./base64-forms.ts";
import { escapeAsJson, formsOf, type Forms } from "./character-forms.ts";
import { digitForms } from "./digit-forms.ts";
import { patternMaker, type Pattern } from "./pattern.ts";
import { secretTexts } from "./secret-texts.ts";

/** Every pattern of every secret, each once. */
export function secretPatterns(values: readonly string[]): Pattern[] {
  const make = patternMaker();
  const characters = characterForms();
  const texts = values.map(secretTexts);
  const whole = new Set(texts.flatMap((each) => each.whole));
  const lines = new Set(texts.flatMap((each) => each.lines).filter((line) => !whole.has(line)));
  return [
    ...[...whole].flatMap((text) => patternsOfWhole(text, characters)),
    ...[...lines].flatMap((line) => patternsOfLine(line, characters)),
  ].map(make);
}

function patternsOfWhole(text: string, characters: Characters): Forms[][] {
  const bytes = encodedTexts(text).map((each) => Buffer.from(each));
  return [
    characters(text),
    ...bytes.flatMap((each) => base64Forms(each, { mayWrap: true })),
    ...bytes.flatMap(doubleBase64Forms),
    ...bytes.flatMap((each) => digitForms(each, { isPlain: false })),
  ];
}

/** A key of a hundred lines must not cost a hundred times what a password costs, so the rarest forms are left to the whole. */
function patternsOfLine(line: string, characters: Characters): Forms[][] {
  const bytes = Buffer.from(line);
  return [characters(line), ...base64Forms(bytes, { mayWrap: false }), ...digitForms(bytes, { isPlain: true })];
}

type Characters = (text: string) => Forms[];

/** Works the forms of each character out once. */
function characterForms(): Characters {
  const known = new Map<string, Forms>();
  return (text) =>
    [...text.replaceAll(LINE_BREAK, "\n")].map((character) => {
      const forms = known.get(character) ?? formsOf(character);
      known.set(character, forms);
      return forms;
    });
}

/** What is put into base64 or hexadecimal digits: the text as it is, with either line break, and as JSON holds it. */
function encodedTexts(text: string): string[] {
  const lines = text.split(LINE_BREAK);
  return [...new Set([text, lines.join("\n"), lines.join("\r\n"), escapeAsJson(text)])];
}

const LINE_BREAK = /\r\n?|\n/gu;

/** Base64 within base64, as Kubernetes keeps what Docker keeps: the middle, which is the same whatever stands around it. */
function doubleBase64Forms(bytes: Uint8Array): Forms[][] {
  return [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const middle = padded.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 4) / 3));
    return base64Forms(Buffer.from(middle), { mayWrap: false });
  });
}
