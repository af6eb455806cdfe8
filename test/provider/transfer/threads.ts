import { FileThreads } from "../../../provider/transfer/source/file-threads.ts";

/** The threads of all tests in this process: each thread takes 10 MiB. */
export const THREADS = new FileThreads();
