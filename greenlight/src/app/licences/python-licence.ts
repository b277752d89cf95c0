/** What a distribution's metadata says of its licence: PEP 639's expression, the older field, and the classifiers. */
export interface ToldLicence {
  readonly expression: string | null;
  readonly licence: string | null;
  readonly classifiers: readonly string[];
}

/** Classifiers that mean one licence; "BSD License" and the like leave open which. https://pypi.org/classifiers/ */
const CLASSIFIERS: Readonly<Record<string, string>> = {
  "Apache Software License": "Apache-2.0",
  "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
  "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
  "GNU Affero General Public License v3": "AGPL-3.0-only",
  "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
  "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
  "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
  "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
  "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
  "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
  "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
  "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
  "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
  "ISC License (ISCL)": "ISC",
  "MIT License": "MIT",
  "MIT No Attribution License (MIT-0)": "MIT-0",
  "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
  "Python Software Foundation License": "PSF-2.0",
  "The Unlicense (Unlicense)": "Unlicense",
  "Zero-Clause BSD (0BSD)": "0BSD",
  "zlib/libpng License": "Zlib",
};

/** How the older field is often filled, in lower case. */
const FIELDS: Readonly<Record<string, string>> = {
  mit: "MIT",
  "mit license": "MIT",
  "the mit license": "MIT",
  isc: "ISC",
  psf: "PSF-2.0",
  unlicense: "Unlicense",
  "apache 2.0": "Apache-2.0",
  "apache license 2.0": "Apache-2.0",
  "apache license, version 2.0": "Apache-2.0",
  "apache software license 2.0": "Apache-2.0",
  "bsd 3-clause": "BSD-3-Clause",
  "bsd 3-clause license": "BSD-3-Clause",
  "3-clause bsd license": "BSD-3-Clause",
  "new bsd": "BSD-3-Clause",
  "bsd 2-clause": "BSD-2-Clause",
  "mpl 2.0": "MPL-2.0",
};

/**
 * The licence as an SPDX expression, where the metadata leave no doubt; else what they say, which is none; null when they say
 * nothing. Several classifiers must all hold: whether one may choose is not said by them.
 */
export function pythonLicence({ expression, licence, classifiers }: ToldLicence): string | null {
  if (expression !== null && expression.trim() !== "") return expression.trim();
  const field = licence?.trim() ?? "";
  const known = FIELDS[field.toLowerCase()] ?? (isId(field) ? field : null);
  const names = classifiers.map((each) => each.split(" :: ").at(-1) ?? "").filter((name) => name !== "OSI Approved");
  const ids = names.map((name) => (Object.hasOwn(CLASSIFIERS, name) ? CLASSIFIERS[name] : undefined));
  if (ids.length > 0 && ids.every((id) => id !== undefined)) return [...new Set(ids)].join(" AND ");
  if (known !== null) return known;
  // Some put the licence's whole text there.
  const said = [...names, field].find((text) => text !== "") ?? "";
  return said === "" ? null : said.split("\n", 1)[0]?.slice(0, 100) || null;
}

/** An SPDX id has a version or more than one part in it, or it is one of few; "BSD" is none. */
function isId(text: string): boolean {
  return /^[A-Za-z]+(?:-[\w.+]+)+(?: (?:AND|OR|WITH) [\w.+-]+)*$/u.test(text) || text === "0BSD" || text === "Zlib";
}
