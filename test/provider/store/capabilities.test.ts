import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { EMBEDDED_ENDPOINT_VARIABLE } from "../../../connection/variables.ts";
import { replicationProblem } from "../../../provider/rules/in-force.ts";
import { capabilitiesOf, EVERYTHING, hasCapability } from "../../../provider/store/capabilities.ts";
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
  const signal = new AbortController().signal;
  const place = () => ({ client, bucket: "b", signal });

  beforeEach(async () => {
    asked = 0;
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

  it("are asked of a server once", async () => {
    expect(await capabilitiesOf(place())).to.deep.equal(EVERYTHING);
    expect(await capabilitiesOf(place())).to.deep.equal(EVERYTHING);
    expect(asked).to.equal(2);
  });

  it("are all there, without a question, on AWS and on the local cloud", async () => {
    const undo = setEnvironment({ AWS_ENDPOINT_URL: undefined });
    expect(await capabilitiesOf(place())).to.equal(EVERYTHING);
    undo();
    const back = setEnvironment({ [EMBEDDED_ENDPOINT_VARIABLE]: process.env["AWS_ENDPOINT_URL"] });
    expect(await capabilitiesOf(place())).to.equal(EVERYTHING);
    back();
    expect(asked).to.equal(0);
  });

  it("lack what the server has not implemented", async () => {
    answers = { replication: NOT_IMPLEMENTED, lifecycle: NOT_IMPLEMENTED };
    expect(await capabilitiesOf(place())).to.deep.equal({ replicationRules: false, lifecycleRules: false });
  });

  it("lack rules whose tags the server does not tell", async () => {
    answers.replication = replication("<Filter><Prefix></Prefix></Filter>");
    expect(await capabilitiesOf(place())).to.deep.equal({ replicationRules: false, lifecycleRules: true });
  });

  it("do not excuse a rule that is missing, or that has another tag", async () => {
    answers.replication = NO_REPLICATION;
    expect(await capabilitiesOf(place())).to.deep.equal(EVERYTHING);
    expect(replicationProblem([], parseRegion("us-west-2"), "c")).to.equal("It is not there.");
  });

  it("are asked for again after a failure", async () => {
    answers.lifecycle = { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" };
    const failure = await capabilitiesOf(place()).catch((error: Error) => error);
    expect(failure).to.include({ name: "AccessDenied" });
    answers.lifecycle = LIFECYCLE;
    expect(await capabilitiesOf(place())).to.deep.equal(EVERYTHING);
  });

  it("that are lacking are warned of once", async () => {
    answers.lifecycle = NOT_IMPLEMENTED;
    const told: string[] = [];
    const log = (severity: string, text: string) => void told.push(`${severity}: ${text}`);
    for (let time = 0; time < 2; time += 1) {
      expect(await hasCapability("lifecycleRules", { client, bucket: "b" }, { signal, log })).to.equal(false);
    }
    expect(told).to.have.length(1);
    expect(told[0]).to.match(
      /^warning: This S3 server has no lifecycle rules: .*spawn stage cleanup --expired$/,
    );
  });
});
