import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A comment or an issue. */
interface Note {
  readonly id: number;
  readonly number: number;
  readonly user: { readonly login: string };
  readonly title?: string;
  readonly body: string;
  readonly state: string;
}

/** The part of GitHub's REST API that writes comments and issues of one repository. */
export class FakeGitHub {
  readonly repository = "acme/staged-data";
  readonly token = "token-of-the-job";
  /** Comments by the number of their issue or pull request. */
  readonly comments = new Map<number, Note[]>();
  readonly issues: Note[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then(
      ([status, body]) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  #next = 100;

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
  }

  /** A comment of another user, which no workflow may change. */
  commentOf(login: string, number: number, body: string): void {
    this.#listOf(number).push({ ...this.#note({ body }), user: { login } });
  }

  async #answer(request: IncomingMessage): Promise<[number, unknown]> {
    const { method = "", url = "", headers } = request;
    if (headers.authorization !== `Bearer ${this.token}`) return [401, { message: "Bad credentials" }];
    const { pathname, searchParams } = new URL(url, "http://github");
    const path = pathname.replace(`/repos/${this.repository}/`, "");
    const sent = method === "GET" ? {} : (JSON.parse(await text(request)) as Partial<Note>);
    const [, number] = /^issues\/(\d+)(\/comments)?$/.exec(path) ?? [];
    if (path === "issues" && method === "GET")
      return [
        200,
        paged(
          this.issues.filter(({ state }) => state === searchParams.get("state")),
          searchParams,
        ),
      ];
    if (path === "issues" && method === "POST") return [201, this.#add(this.issues, sent)];
    if (path.endsWith("/comments") && method === "GET")
      return [200, paged(this.#listOf(Number(number)), searchParams)];
    if (path.endsWith("/comments") && method === "POST")
      return [201, this.#add(this.#listOf(Number(number)), sent)];
    const [, comment] = /^issues\/comments\/(\d+)$/.exec(path) ?? [];
    if (comment !== undefined && method === "PATCH")
      return this.#change(
        [...this.comments.values()].find((list) => list.some(({ id }) => id === Number(comment))),
        Number(comment),
        sent,
      );
    if (number !== undefined && method === "PATCH") return this.#change(this.issues, Number(number), sent);
    return [404, { message: `${method} ${url}` }];
  }

  #listOf(number: number): Note[] {
    const list = this.comments.get(number) ?? [];
    this.comments.set(number, list);
    return list;
  }

  #note(sent: Partial<Note>): Note {
    const id = this.#next++;
    return { body: "", state: "open", ...sent, id, number: id, user: { login: "github-actions[bot]" } };
  }

  #add(list: Note[], sent: Partial<Note>): Note {
    const note = this.#note(sent);
    list.push(note);
    return note;
  }

  #change(list: Note[] | undefined, id: number, sent: Partial<Note>): [number, unknown] {
    const index = list?.findIndex((note) => note.id === id) ?? -1;
    const old = list?.[index];
    if (list === undefined || old === undefined) return [404, { message: "Not Found" }];
    list[index] = { ...old, ...sent };
    return [200, list[index]];
  }
}

function paged(notes: readonly Note[], query: URLSearchParams): readonly Note[] {
  const size = Number(query.get("per_page"));
  const start = (Number(query.get("page")) - 1) * size;
  return notes.slice(start, start + size);
}
