import { readFileSync } from "node:fs";

import { OWN_FOLDER } from "../base/own-files.ts";

const manifest = JSON.parse(readFileSync(new URL("../package.json", OWN_FOLDER), "utf8")) as {
  version: string;
};

export const GREENLIGHT_VERSION = manifest.version;
