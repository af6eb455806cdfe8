import { expect } from "chai";
import { child } from "../../components/child.ts";

interface Args {
  region: string;
  tags?: Record<string, string>;
}

describe("child", () => {
  const own: Args = { region: "us-east-1" };

  it("passes everything through without a transform", () => {
    expect(child<Args>(undefined, "name", own, { protect: true })).to.deep.equal([
      "name",
      { region: "us-east-1" },
      { protect: true },
    ]);
  });

  it("overrides the component's arguments", () => {
    const [, args] = child<Args>({ region: "eu-west-1", tags: { team: "genomics" } }, "name", own, {});
    expect(args).to.deep.equal({ region: "eu-west-1", tags: { team: "genomics" } });
  });

  it("lets a function change copies of arguments and options", () => {
    const options = {};
    const made = child<Args>(
      (args, changed) => {
        args.tags = { region: args.region };
        changed.protect = true;
      },
      "name",
      own,
      options,
    );
    expect(made).to.deep.equal([
      "name",
      { region: "us-east-1", tags: { region: "us-east-1" } },
      { protect: true },
    ]);
    expect(own).to.deep.equal({ region: "us-east-1" });
    expect(options).to.deep.equal({});
  });
});
