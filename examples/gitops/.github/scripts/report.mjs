// Reports a preview as one comment of a pull request, or drift as one issue. Needs GITHUB_TOKEN.
//
//   node report.mjs comment preview.txt    creates or replaces the comment of PULL_REQUEST
//   node report.mjs drift drift.txt        opens or updates the issue if FOUND is "true", and closes it if not
import { appendFileSync, readFileSync } from "node:fs";

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_SERVER_URL, GITHUB_STEP_SUMMARY } =
  process.env;
const { FOUND, GITHUB_TOKEN, PULL_REQUEST, SPAWN_ENVIRONMENT } = process.env;
const [kind, file] = process.argv.slice(2);

/** The author of comments and issues that a workflow writes. */
const AUTHOR = "github-actions[bot]";
/** Finds this environment's comment or issue again. */
const MARKER = `<!-- spawn ${kind} ${SPAWN_ENVIRONMENT} -->`;
/** GitHub accepts 65,536 characters in a body. */
const MAX_CHARACTERS = 60_000;
const MAX_COSTS = 20;

const RUN = `[run](${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID})`;
const text = readFileSync(file, "utf8");

if (kind === "comment") await comment();
else if (kind === "drift") await drift();
else throw new Error(`unknown report: ${kind}`);

async function comment() {
  const body = [
    MARKER,
    `### Preview of environment \`${SPAWN_ENVIRONMENT}\``,
    "",
    ...costs(text),
    fenced(totals(text)),
    "",
    "<details><summary>All changes and messages</summary>",
    "",
    fenced(text),
    "</details>",
    "",
    RUN,
  ].join("\n");
  summarize(body);
  const comments = `issues/${PULL_REQUEST}/comments`;
  const own = await find(comments);
  if (own === undefined) await request("POST", comments, { body });
  else await request("PATCH", `issues/comments/${own.id}`, { body });
}

async function drift() {
  const own = await find("issues", `state=open&creator=${encodeURIComponent(AUTHOR)}`);
  if (FOUND !== "true") {
    summarize(`Environment \`${SPAWN_ENVIRONMENT}\`: no drift.`);
    if (own === undefined) return;
    await request("POST", `issues/${own.number}/comments`, { body: `The drift is gone: ${RUN}` });
    await request("PATCH", `issues/${own.number}`, { state: "closed" });
    return;
  }
  const title = `Drift in environment ${SPAWN_ENVIRONMENT}`;
  const body = [
    MARKER,
    "Resources in AWS differ from their declaration:",
    "",
    fenced(text),
    "",
    "The workflow `up` reverts these changes. To keep a change, declare it.",
    "",
    RUN,
  ].join("\n");
  summarize(body);
  if (own === undefined) await request("POST", "issues", { title, body });
  else await request("PATCH", `issues/${own.number}`, { body });
}

/** The messages that say how many bytes an update moves, and what it costs. No other text becomes Markdown. */
function costs(preview) {
  const found = preview.matchAll(/^ +(would (?:move|copy) [0-9][A-Za-z0-9 .,;:$()<-]*)$/gm);
  const lines = [...new Set([...found].map(([, line]) => `- ${line}`))];
  const others = lines.length - MAX_COSTS;
  return [...lines.slice(0, MAX_COSTS), ...(others > 0 ? [`- and ${others} more below`] : []), ""];
}

/** The numbers of changes at the end of the text. */
function totals(preview) {
  const start = preview.lastIndexOf("\nResources:\n");
  return start < 0
    ? "The preview failed."
    : preview
        .slice(start + 1)
        .split("\n\n")[0]
        .slice(0, 1_000);
}

/** A code block. The fence is longer than every fence in the text, so that the text cannot end the block. */
function fenced(content) {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const cut = content.length > MAX_CHARACTERS ? `${content.slice(0, MAX_CHARACTERS)}\n… (cut)` : content;
  return `${fence}text\n${cut.trimEnd()}\n${fence}`;
}

function summarize(body) {
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, `${body}\n`);
}

/** The comment or issue with the marker, which a workflow wrote; undefined if there is none. */
async function find(path, query = "") {
  for (let page = 1; ; page += 1) {
    const found = await request("GET", `${path}?${query}&per_page=100&page=${page}`);
    const own = found.find(({ body, user }) => user?.login === AUTHOR && body?.startsWith(MARKER));
    if (own !== undefined || found.length < 100) return own;
  }
}

async function request(method, path, body) {
  const url = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/${path}`;
  const response = await fetch(url, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${GITHUB_TOKEN}`,
      "content-type": "application/json",
      "x-github-api-version": "2022-11-28",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
