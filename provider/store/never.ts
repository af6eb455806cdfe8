/** The signal of work that nothing aborts. */
export const NEVER = new AbortController().signal;
