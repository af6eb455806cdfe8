import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { EMBEDDED_ENDPOINT_VARIABLE } from "../../../connection/variables.ts";
import { EVERYTHING, ServerCapabilities } from "../../../provider/rules/capabilities.ts";
import { replicationProblem } from "../../../provider/rules/in-force.ts";
import { asFlag, inWords, type Words } from "../../../staging/option.ts";
import { parseRegion } from "../../../staging/regions.ts";
import { setEnvironment } from "../../local/aws-plugin/handlers.ts";

const NOT_IMPLEMENTED = { status: 501, body: "<Error><Code>NotImplemented</Code></Error>" };
const LIFECYCLE = {
  status: 200,
  body: "<LifecycleConfiguration><Rule><ID>spawn-ttl-1</ID></Rule></LifecycleConfiguration>",
};
const NO_REPLICATION = {
  status: 404,
  body: "<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>",
};
const replication = (filter: string) => ({
  status: 200,
  body: `<ReplicationConfiguration><Rule><ID>spawn-replicate-us-west-2</ID>${filter}</Rule></ReplicationConfiguration>`,
});
const TAGGED = "<Filter><Tag><Key>another</Key><Value>tag</Value></Tag></Filter>";

describe("capabilities of an S3 server", () => {
  let server: Server;
  let client: S3Client;
  let restore: () => void;
  let answers: { replication: { status: number; body: string }; lifecycle: { status: number; body: string } };
  let asked: number;
  let capabilities: ServerCapabilities;
  const signal = new AbortController().signal;
  const place = () => ({ client, bucket: "b", signal });

  beforeEach(async () => {
    asked = 0;
    capabilities = new ServerCapabilities();
    answers = { replication: replication(TAGGED), lifecycle: LIFECYCLE };
    server = createServer((request, response) => {
      asked += 1;
      const { status, body } = request.url?.includes("lifecycle") ? answers.lifecycle : answers.replication;
      response.writeHead(status, { "content-type": "application/xml" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    client = new S3Client({
      endpoint,
      region: "us-east-1",
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
    });
    restore = setEnvironment({
      AWS_ENDPOINT_URL: endpoint,
      [EMBEDDED_ENDPOINT_VARIABLE]: undefined,
      AWS_ENDPOINT_URL_S3: undefined,
    });
  });
  afterEach(() => {
    restore();
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  it("are detected once per server", async () => {
    expect(await capabilities.of(place())).to.deep.equal(EVERYTHING);
    expect(await capabilities.of(place())).to.deep.equal(EVERYTHING);
    expect(asked).to.equal(2);
  });

  it("are complete on AWS and on the local cloud without a request", async () => {
    const undo = setEnvironment({ AWS_ENDPOINT_URL: undefined });
    expect(await capabilities.of(place())).to.equal(EVERYTHING);
    undo();
    const back = setEnvironment({ [EMBEDDED_ENDPOINT_VARIABLE]: process.env["AWS_ENDPOINT_URL"] });
    expect(await capabilities.of(place())).to.equal(EVERYTHING);
    back();
    expect(asked).to.equal(0);
  });

  it("exclude features that the server has not implemented", async () => {
    answers = { replication: NOT_IMPLEMENTED, lifecycle: NOT_IMPLEMENTED };
    expect(await capabilities.of(place())).to.deep.equal({ replicationRules: false, lifecycleRules: false });
  });

  it("exclude rules if the server does not return their tags", async () => {
    answers.replication = replication("<Filter><Prefix></Prefix></Filter>");
    expect(await capabilities.of(place())).to.deep.equal({ replicationRules: false, lifecycleRules: true });
  });

  it("do not excuse a missing rule, or one with another tag", async () => {
    answers.replication = NO_REPLICATION;
    expect(await capabilities.of(place())).to.deep.equal(EVERYTHING);
    expect(replicationProblem([], parseRegion("us-west-2"), "c")).to.equal("It is not there.");
  });

  it("are detected again after a failure", async () => {
    answers.lifecycle = { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" };
    const failure = await capabilities.of(place()).catch((error: Error) => error);
    expect(failure).to.include({ name: "AccessDenied" });
    answers.lifecycle = LIFECYCLE;
    expect(await capabilities.of(place())).to.deep.equal(EVERYTHING);
  });

  it("are warned about once if they are missing", async () => {
    answers.lifecycle = NOT_IMPLEMENTED;
    const told: string[] = [];
    const log = (severity: string, text: Words) =>
      void told.push(`${severity}: ${inWords(text, asFlag, (command) => `${command} --environment lab`)}`);
    for (let time = 0; time < 2; time += 1) {
      expect(await capabilities.has("lifecycleRules", place(), { log })).to.equal(false);
    }
    expect(told).to.have.length(1);
    expect(told[0]).to.match(
      /^warning: This S3 server has no lifecycle rules: .*spawn stage cleanup --expired --environment lab$/,
    );
  });
});
