import type { ConfigEntry } from "../services/config/config.ts";
import type { Column } from "./table.ts";

/** The placeholder of a value that another program decides. */
const NONE = "-";

export const CONFIG_COLUMNS: readonly Column<ConfigEntry>[] = [
  { title: "KEY", value: ({ key }) => key },
  {
    title: "VALUE",
    value: ({ value, adopted }) =>
      value === null ? NONE : `${value}${adopted === true ? " (adopted)" : ""}`,
  },
  { title: "FROM", value: ({ source }) => source },
];
