import { chownSync, lchownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { findProjectFolder } from "../../stacks/project-folder.ts";
import { InputError } from "../../staging/errors.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("findProjectFolder", () => {
  const folder = temporaryFolder("spawn project ");
  /** The folder of a package that npm installed. */
  const installed = () => {
    const root = join(folder(), "app/node_modules/spawn-staging");
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "Pulumi.dev.yaml"), "config: {}\n");
    return root;
  };
  const find = (start: string, root = installed(), user?: number) =>
    findProjectFolder({ start, root, user, variables: { SPAWN_HOME: join(folder(), "home") } });
  const make = (path: string, name: string): string => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "Pulumi.yaml"), `# settings\nname: ${name}\nruntime: nodejs\n`);
    return path;
  };

  it("is the nearest project of spawn, from the working folder upwards", () => {
    const project = make(join(folder(), "data"), "spawn # shared");
    const below = make(join(project, "own"), "website");
    expect(find(below)).to.equal(project);
  });

  it("is the checkout if no project is near", () => {
    const start = make(join(folder(), "website"), "spawn-website");
    expect(find(start, folder())).to.equal(folder());
  });

  it("is the user's configuration folder for an installed package, with the environment dev", () => {
    const root = installed();
    const project = find(folder(), root);
    expect(project).to.equal(join(folder(), "home/config"));
    const { name, main, plugins } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8"));
    expect({ name, main }).to.deep.equal({ name: "spawn", main: join(root, "dist/stacks/index.js") });
    expect(plugins).to.deep.equal({ providers: [{ name: "staging", path: join(root, "provider/bin") }] });
    expect(readFileSync(join(project, "Pulumi.dev.yaml"), "utf8")).to.equal("config: {}\n");
  });

  it("keeps the user's settings files when the package moves", () => {
    const project = find(folder());
    writeFileSync(join(project, "Pulumi.dev.yaml"), "config: { edited: true }\n");
    const moved = join(folder(), "other/node_modules/spawn-staging");
    expect(find(folder(), moved)).to.equal(project);
    expect(readFileSync(join(project, "Pulumi.yaml"), "utf8")).to.contain(join(moved, "dist"));
    expect(readFileSync(join(project, "Pulumi.dev.yaml"), "utf8")).to.contain("edited");
  });

  it("is not the data folder's project of the entries", () => {
    const entries = make(join(folder(), "home/data/stacks"), "spawn");
    expect(find(entries)).to.equal(join(folder(), "home/config"));
  });

  it("refuses a project of another user, and names its file", () => {
    const project = make(join(folder(), "theirs"), "spawn");
    // Tests run as the owner of the file, or as root, whose files every user may trust.
    const owner = process.getuid?.() ?? 0;
    if (owner === 0) expect(find(project, folder(), 1234)).to.equal(project);
    else
      expect(() => find(project, folder(), owner + 1))
        .to.throw(InputError)
        .with.property("message", `${join(project, "Pulumi.yaml")} belongs to another user`);
  });

  it("refuses another user's link to a project of this user", () => {
    const own = join(make(join(folder(), "own project"), "spawn"), "Pulumi.yaml");
    const link = join(folder(), "Pulumi.yaml");
    symlinkSync(own, link);
    const user = process.getuid?.() || 1234;
    // Only root can make files of other users.
    if (process.getuid?.() === 0) {
      chownSync(own, user, user);
      lchownSync(link, user + 1, user + 1);
      expect(() => find(folder(), folder(), user)).to.throw(InputError, `${link} belongs to another user`);
      lchownSync(link, user, user);
    }
    expect(find(folder(), join(folder(), "elsewhere"), user)).to.equal(folder());
  });

  it("is not a folder named Pulumi.yaml", () => {
    mkdirSync(join(folder(), "odd", "Pulumi.yaml"), { recursive: true });
    expect(find(join(folder(), "odd"), folder())).to.equal(folder());
  });
});
