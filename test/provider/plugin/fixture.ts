import { servePlugin } from "../../../provider/plugin/serve.ts";
import { PartialFailure, type Properties, type ResourceHandler } from "../../../provider/plugin/types.ts";
import { InputError } from "../../../staging/errors.ts";

/** A plugin for tests of the server: its one resource does what its input `mode` says. Started as a process. */
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
  async create(inputs, context) {
    const outputs: Properties = { ...inputs, answer: 42 };
    switch (inputs["mode"]) {
      case "bad input":
        throw new InputError("no such file", { why: "It is not there.", fix: "Make it." });
      case "bug":
        throw new TypeError("something is undefined");
      case "partial":
        throw new PartialFailure("half", outputs, "half of it is there");
      case "uncaught":
        setTimeout(() => {
          throw new Error("nobody caught this");
        }, 10);
        return new Promise(() => {});
      case "wait":
        context.log("info", "waiting", { ephemeral: true });
        await new Promise((_, reject) => {
          // Clean-up that takes a while: the server must wait for it.
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
  functions: { "test:index:double": async (args) => ({ result: Number(args["value"]) * 2 }) },
});
