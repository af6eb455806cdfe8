import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InputError, messageOf } from "../staging/errors.ts";
import { shellString } from "../staging/shell.ts";
import type { Variables } from "./variables.ts";

/** The settings of one section. Nested settings have the prefix of their parent: `s3.endpoint_url`. */
type Section = ReadonlyMap<string, string>;

/** A profile of the AWS configuration files. */
export interface Profile {
  /** Its settings, including those of the credentials file. */
  readonly settings: Section;
  /** The section of service settings that it refers to. */
  readonly services: Section | undefined;
  /** For errors: `the profile work in /home/me/.aws/config`. */
  readonly source: string;
}

const DEFAULT = "default";

/** The locations that AWS tools use. https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html */
function profileFiles(env: Variables): { readonly config: string; readonly credentials: string } {
  const home = env["HOME"] || homedir();
  return {
    config: env["AWS_CONFIG_FILE"] || join(home, ".aws", "config"),
    credentials: env["AWS_SHARED_CREDENTIALS_FILE"] || join(home, ".aws", "credentials"),
  };
}

/**
 * Reads the profile `name`. @default AWS_PROFILE, or `default`
 * @throws InputError if a file cannot be parsed (it names the line), or has no such profile
 */
export function readProfile(env: Variables, wanted?: { name: string; source: string }): Profile {
  const files = profileFiles(env);
  const name = wanted?.name ?? (env["AWS_PROFILE"] || DEFAULT);
  const config = parseFile(files.config);
  const credentials = parseFile(files.credentials);
  const inConfig = config.get(`profile ${name}`) ?? (name === DEFAULT ? config.get(DEFAULT) : undefined);
  const inCredentials = credentials.get(name);
  // The profile `default` may be missing.
  if (inConfig === undefined && inCredentials === undefined && name !== DEFAULT) {
    throw unknownProfile(name, wanted?.source ?? "AWS_PROFILE", files, [config, credentials]);
  }
  const settings = new Map([...(inConfig ?? []), ...(inCredentials ?? [])]);
  const source = `the profile ${name} in ${files.config}`;
  const services = settings.get("services");
  const section = services === undefined ? undefined : config.get(`services ${services}`);
  if (services !== undefined && section === undefined) {
    throw new InputError(`${files.config} has no section [services ${services}]`, {
      why: `The profile ${name} names it: services = ${services}.`,
      fix: `Add the section to ${files.config}, or remove that line.`,
    });
  }
  return { settings, services: section, source };
}

function unknownProfile(
  name: string,
  source: string,
  files: { readonly config: string; readonly credentials: string },
  sections: readonly ReadonlyMap<string, Section>[],
): InputError {
  const names = sections
    .flatMap((found) => [...found.keys()])
    .filter((section) => !/^(services|sso-session) /.test(section))
    .map((section) => section.replace(/^profile /, ""));
  const there = [...new Set(names)].sort();
  return new InputError(`there is no AWS profile ${name}`, {
    why: `${source} names it, and neither ${files.config} nor ${files.credentials} has it; they have ${there.join(", ") || "none"}.`,
    fix: `Set ${source} to one of your profiles, or: aws configure --profile ${name}`,
  });
}

/** The sections of a file by their headings; empty if the file does not exist. */
function parseFile(file: string): ReadonlyMap<string, Section> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return new Map();
    throw new InputError(`the AWS configuration file ${file} cannot be read`, {
      why: messageOf(error),
      fix: "Make it a file that you may read, or name another one in AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE.",
    });
  }
  return parse(text, file);
}

/** The format of these files: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
function parse(text: string, file: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let parent = "";
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = raw.replace(/(^|\s)[#;].*$/, "").trimEnd();
    if (line.trim() === "") continue;
    const heading = /^\[\s*([^\]]+?)\s*\]$/.exec(line.trim())?.[1];
    if (heading !== undefined) {
      const name = heading.replaceAll(/\s+/g, " ").replaceAll(/["']/g, "");
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      parent = "";
      continue;
    }
    const [, key, value] = /^\s*([^=\s][^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    const isNested = /^\s/.test(line);
    if (isNested && key === undefined) continue; // the continuation of a multi-line value
    if (key === undefined || value === undefined || section === undefined) {
      throw new InputError(`the AWS configuration file ${file} cannot be parsed`, {
        why: `Line ${index + 1} is ${section === undefined && key !== undefined ? "before the first [section]" : "neither a [section] nor name = value"}.`,
        fix: `Correct the line: "\${EDITOR:-vi}" +${index + 1} ${shellString(file)}`,
      });
    }
    if (isNested && parent !== "") section.set(`${parent}.${key}`, value);
    else {
      section.set(key, value);
      parent = value === "" ? key : "";
    }
  }
  return sections;
}
