import type { Bandwidth } from "../transfer/flow/bandwidth.ts";
import { FileBody } from "./file-body.ts";
import { NEVER } from "./never.ts";
import type { RequestSender } from "./operations.ts";

/**
 * Keeps to a limit of bytes per second. A request with a body waits for a turn before it is signed, since a signature holds for 15
 * minutes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
export function paced(next: RequestSender, bandwidth: Bandwidth): RequestSender {
  return {
    region: next.region,
    bandwidth,
    send(operation, input, options) {
      const { signal = NEVER } = options;
      const send = () => next.send(operation, input, { ...options, bandwidth });
      if (!("body" in input)) return send();
      // Turns of their own: bodies from memory hold what those from files wait for.
      const turns = input.body instanceof FileBody ? bandwidth.files : bandwidth.buffers;
      return turns.run(input.body.length, send, signal);
    },
  };
}
