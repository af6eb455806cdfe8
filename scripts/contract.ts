import { writeFile } from "node:fs/promises";
import { CONTRACT_FILE, contractText } from "../test/gates/contract/contract.ts";

/* Writes test/gates/contract.txt: the flags and JSON keys of every command. */

await writeFile(CONTRACT_FILE, await contractText());
