import { expect } from "chai";
import { CONFIG_COLUMNS } from "../../../cli/render/config.ts";
import { renderTable } from "../../../cli/render/table.ts";

describe("the list of spawn config", () => {
  it("shows key, value and source, one per line", () => {
    const text = renderTable(CONFIG_COLUMNS, [
      { key: "staging.ttl", value: "14", source: "user config" },
      { key: "backend.url", value: null, source: "default", environment: "prod" },
      {
        key: "staging.bucket.us-east-1",
        value: "my-data",
        source: "Pulumi.prod.yaml",
        environment: "prod",
        adopted: true,
      },
      { key: "environment", value: "a\nb", source: "SPAWN_ENVIRONMENT" },
    ]);
    expect(text).to.equal(
      [
        "KEY                       VALUE              FROM",
        "staging.ttl               14                 user config",
        "backend.url               -                  default",
        "staging.bucket.us-east-1  my-data (adopted)  Pulumi.prod.yaml",
        "environment               a\\nb               SPAWN_ENVIRONMENT",
        "",
      ].join("\n"),
    );
  });
});
