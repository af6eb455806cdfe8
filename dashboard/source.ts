import { type Embedded, type PartEvent, type Parts, type Problem, UNREAD_PARTS } from "./snapshot.ts";

/** `lost`: the browser tries to reconnect. `ended`: the program has ended. `saved`: a copy without a connection. */
export type Connection = "connecting" | "live" | "lost" | "ended" | "saved";

/** The state of the page's data. */
export interface State {
  readonly parts: Parts;
  readonly connection: Connection;
}

/** The source of the page's data. */
export interface Source {
  readonly state: State;
  /** The server's time in milliseconds; in a saved page the time of the copy. */
  now(): number;
  /** @returns a function that ends the subscription */
  subscribe(listener: (state: State) => void): () => void;
  /**
   * The failures or a log, by its path relative to the page.
   * @throws Error with a message for the user
   */
  detail<T>(path: string): Promise<T>;
}

export const sourceOf = ({ saved }: Embedded): Source =>
  saved === undefined ? new LiveSource() : new SavedSource(saved);

/** Receives the parts as server-sent events, while the page is visible. */
class LiveSource implements Source {
  state: State = { parts: UNREAD_PARTS, connection: "connecting" };
  #listener: ((state: State) => void) | undefined;
  #events: EventSource | undefined;
  /** The server's time minus the time of this page. */
  #offset: number | undefined;

  now(): number {
    return (this.#offset ?? performance.timeOrigin) + performance.now();
  }

  subscribe(listener: (state: State) => void): () => void {
    this.#listener = listener;
    const follow = (): void => {
      if (document.visibilityState === "visible") this.#open();
      else this.#close();
    };
    document.addEventListener("visibilitychange", follow);
    follow();
    return () => {
      document.removeEventListener("visibilitychange", follow);
      this.#close();
      this.#listener = undefined;
    };
  }

  async detail<T>(path: string): Promise<T> {
    const response = await fetch(path).catch(() => {
      throw new Error("spawn dashboard does not respond.");
    });
    if (!response.headers.get("Content-Type")?.startsWith("application/json"))
      throw new Error("spawn dashboard does not have this page.");
    if (response.ok) return (await response.json()) as T;
    const { error } = (await response.json()) as { readonly error: Problem };
    throw new Error([error.message, error.why].filter(Boolean).join(". "));
  }

  #open(): void {
    if (this.#events !== undefined || this.state.connection === "ended") return;
    const events = new EventSource("events");
    this.#events = events;
    events.addEventListener("part", ({ data }: MessageEvent<string>) => {
      const { name, part, now } = JSON.parse(data) as PartEvent;
      this.#offset = Date.parse(now) - performance.now();
      this.#set({ parts: { ...this.state.parts, [name]: part }, connection: "live" });
    });
    events.addEventListener("end", () => {
      this.#close();
      this.#set({ connection: "ended" });
    });
    events.addEventListener("error", () => {
      if (this.#events !== events) return;
      this.#set({ connection: "lost" });
      // The browser gives up after a refusal, such as from another program on the port.
      if (events.readyState === EventSource.CLOSED) this.#close();
    });
  }

  #close(): void {
    this.#events?.close();
    this.#events = undefined;
  }

  #set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.#listener?.(this.state);
  }
}

class SavedSource implements Source {
  readonly state: State;
  readonly #details: Readonly<Record<string, unknown>>;
  readonly #now: number;

  constructor({ parts, now, failures, logs }: NonNullable<Embedded["saved"]>) {
    this.state = { parts, connection: "saved" };
    this.#now = Date.parse(now);
    this.#details = { ...failures, ...logs };
  }

  now(): number {
    return this.#now;
  }

  subscribe(): () => void {
    return () => undefined;
  }

  async detail<T>(path: string): Promise<T> {
    if (!Object.hasOwn(this.#details, path)) throw new Error("This copy does not contain it.");
    return this.#details[path] as T;
  }
}
