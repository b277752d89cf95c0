import { CHARTS } from "./charts.ts";
import { COLOURS } from "./colours.ts";
import { PAGE } from "./page.ts";
import { PRINT } from "./print.ts";
import { TABLES } from "./tables.ts";

/** The page's whole style; leading white space is of use here only. */
export const STYLE = [COLOURS, PAGE, TABLES, CHARTS, PRINT].join("").replace(/\n\s*/g, "\n");
