import { servePlugin } from "../../../provider/plugin/serve.ts";
import {
  InvalidInputs,
  PartialFailure,
  type Properties,
  type ResourceHandler,
} from "../../../provider/plugin/types.ts";
import { InputError } from "../../../staging/errors.ts";

/** A plugin for tests of the server: the input `mode` controls its one resource. Runs as a process. */
const handler: ResourceHandler = {
  computed: ["answer"],
  changing: ["answer"],
  async check(news) {
    return {
      inputs: { ...news, defaulted: "yes" },
      failures: news["mode"] === "invalid" ? [{ property: "mode", reason: "is invalid" }] : [],
    };
  },
  diff(_id, olds, _outputs, news) {
    const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
      (key) => olds[key] !== news[key],
    );
    return {
      replaces: changed.filter((key) => key === "name"),
      updates: changed.filter((key) => key !== "name"),
      deleteBeforeReplace: true,
    };
  },
  preview: async () => ({ size: 3 }),
  async create(inputs, context) {
    const outputs: Properties = { ...inputs, answer: 42 };
    switch (inputs["mode"]) {
      case "bad input":
        throw new InputError("no such file", { why: "It is not there.", fix: "Make it." });
      case "words":
      case "partial words": {
        const error = new InputError("expired", {
          fix: (spell, command) => `${command("spawn stage upload PATH")}, with ${spell("ttl", 7)}`,
        });
        throw inputs["mode"] === "words" ? error : new PartialFailure("half", outputs, error);
      }
      case "bug":
        throw new TypeError("something is undefined");
      case "partial":
        throw new PartialFailure("half", outputs, "half of it is there");
      case "uncaught":
        setTimeout(() => {
          throw new Error("an uncaught error");
        }, 10);
        return new Promise(() => {});
      case "wait":
        context.log("info", "waiting", { ephemeral: true });
        process.stderr.write("waiting\n");
        await new Promise((_, reject) => {
          // Slow clean-up: the server must wait for it.
          context.signal.addEventListener("abort", () =>
            setTimeout(() => {
              process.stderr.write("cleaned up\n");
              reject(context.signal.reason);
            }, 300),
          );
        });
    }
    return { id: "made", outputs };
  },
  async read(id, inputs) {
    if (id === "gone") return undefined;
    const found = inputs ?? { imported: true };
    return { id, inputs: found, outputs: { ...found, answer: 42 } };
  },
  async update(_id, _olds, news) {
    return { ...news, answer: 43 };
  },
  async delete() {},
};

await servePlugin({
  version: "1.2.3",
  resources: { "test:index:Thing": async () => handler },
  async construct(request) {
    if (request.getName() === "invalid")
      throw new InvalidInputs("invalid arguments", [{ property: "regions[1]", reason: "mars is no region" }]);
    void Promise.reject(new Error("no code handles this"));
    return new Promise(() => {});
  },
  functions: { "test:index:double": async (args) => ({ result: Number(args["value"]) * 2 }) },
});
