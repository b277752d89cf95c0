import { base64Forms } from "./base64-forms.ts";
import { escapeAsAsciiJson, escapeAsJson, formsOf, type Forms } from "./character-forms.ts";
import { digitForms, inspectedForms } from "./digit-forms.ts";
import { patternMaker, type Pattern } from "./pattern.ts";
import { charactersOf, secretTexts } from "./secret-texts.ts";

/** Every pattern of every secret, each once. */
export function secretPatterns(values: readonly string[]): Pattern[] {
  const make = patternMaker();
  const characters = characterForms();
  const texts = values.map(secretTexts);
  const whole = new Set(texts.flatMap((each) => each.whole));
  const lines = new Set(texts.flatMap((each) => each.lines).filter((line) => !whole.has(line)));
  return [
    ...[...whole, ...lines].map((text) => make(characters(text), "text")),
    ...[...whole].flatMap(digitsOfWhole).map((forms) => make(forms, "digits")),
    ...[...lines].flatMap(digitsOfLine).map((forms) => make(forms, "digits")),
  ];
}

function digitsOfWhole(text: string): Forms[][] {
  const bytes = encodedTexts(text).map((each) => Buffer.from(each));
  return [
    ...bytes.flatMap((each) => base64Forms(each, { mayWrap: true })),
    // PowerShell passes commands in this way.
    ...base64Forms(Buffer.from(text, "utf16le"), { mayWrap: false }),
    ...bytes.flatMap(doubleBase64Forms),
    ...bytes.flatMap((each) => digitForms(each, { isPlain: false })),
    ...bytes.flatMap(inspectedForms),
  ];
}

/** A key of a hundred lines must not cost a hundred times what a password costs, so the rarest forms are left to the whole. */
function digitsOfLine(line: string): Forms[][] {
  const bytes = Buffer.from(line);
  return [...base64Forms(bytes, { mayWrap: false }), ...digitForms(bytes, { isPlain: true })];
}

type Characters = (text: string) => Forms[];

/** Works the forms of each character out once. */
function characterForms(): Characters {
  const known = new Map<string, Forms>();
  return (text) =>
    charactersOf(text).map((character) => {
      const forms = known.get(character) ?? formsOf(/^[\r\n]/u.test(character) ? "\n" : character);
      known.set(character, forms);
      return forms;
    });
}

/** What is put into base64 or hexadecimal digits: the text as it is, with either line break, and as JSON holds it. */
function encodedTexts(text: string): string[] {
  const lines = text.split(/\r\n?|\n/u);
  const texts = [text, lines.join("\n"), lines.join("\r\n"), escapeAsJson(text), escapeAsAsciiJson(text)];
  return [...new Set(texts)];
}

/** Base64 within base64, as Kubernetes keeps what Docker keeps: the middle, which is the same whatever stands around it. */
function doubleBase64Forms(bytes: Uint8Array): Forms[][] {
  return [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const middle = padded.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + bytes.length) * 4) / 3));
    return base64Forms(Buffer.from(middle), { mayWrap: false });
  });
}
