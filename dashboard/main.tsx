import { render } from "preact";
import { Dashboard } from "./dashboard.tsx";
import type { Embedded } from "./snapshot.ts";
import { sourceOf } from "./source.ts";

const root = document.getElementById("dashboard");
const data = document.getElementById("data");
if (root === null || data === null) throw new Error("the document has no place for the dashboard");
const embedded = JSON.parse(data.textContent ?? "") as Embedded;
render(<Dashboard about={embedded.about} source={sourceOf(embedded)} />, root);
