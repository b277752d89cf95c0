import { shellWord } from "../shell-word.ts";

/**
 * For a POSIX shell: takes all fields of these names out of a JSON report, before anyone keeps what they quote. `report` is a word
 * of that shell. A report that can't be rewritten is removed, and the shell ends with 2; one that is not there is left so.
 */
export function withoutFields(report: string, names: readonly string[]): string {
  const rewrite =
    "const fs=require('node:fs'),[f,...names]=process.argv.slice(1);" +
    "fs.writeFileSync(f,JSON.stringify(JSON.parse(fs.readFileSync(f,'utf8')),(k,v)=>names.includes(k)?undefined:v))";
  const call = `node -e ${shellWord(rewrite)} ${report} ${names.map(shellWord).join(" ")}`;
  return `if [ -s ${report} ]; then ${call} || { rm -f ${report}; exit 2; }; fi`;
}
