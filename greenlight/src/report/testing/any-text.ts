import * as fc from "fast-check";

const SPECIAL = [
  ..."<>&\"'`\\|*_[](){}#+-.!~$@:/=\n\r\t \u0000\u001B\u202E\uFEFF",
  "://",
  "www.",
  "</",
  "<!--",
  "&amp;",
];

/** Any UTF-16 text, lone surrogates included, rich in what means something to HTML and Markdown. */
export function anyText(maxLength = 40): fc.Arbitrary<string> {
  const unit = fc.oneof(
    fc.constantFrom(...SPECIAL),
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
  );
  return fc.array(unit, { minLength: 1, maxLength }).map((units) => units.join(""));
}
