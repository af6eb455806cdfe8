import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplatesCommand,
  type DescribeLaunchTemplatesCommandInput,
  DescribeLaunchTemplateVersionsCommand,
  type LaunchTemplate,
  type LaunchTemplateVersion,
  ModifyLaunchTemplateCommand,
} from "@aws-sdk/client-ec2";
import { differs } from "../../../provider/plugin/schema/compare.ts";
import { boolean, string, strings } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";
import { defineResource } from "../resource.ts";
import type { Call } from "../sdk/call.ts";
import { ec2 } from "../sdk/ec2.ts";
import { isAwsError, undefinedOn, wasRetried } from "../sdk/errors.ts";
import { accountId } from "../sdk/sts.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";
import { dataFields, fromTemplateData, toTemplateData } from "./launch-template-data.ts";
import { setTags } from "./tags.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html */
const nameProblem = mustMatch(
  /^[a-zA-Z0-9().\-/_]{3,128}$/,
  "must have 3 to 128 letters, digits and characters of ().-/_",
);

/** Fields that create a new version when they change. */
const versionFields = { ...dataFields, description: string({ problem: descriptionProblem }) };

const fields = {
  name: string({ required: true, replaces: true, names: true, problem: nameProblem }),
  ...versionFields,
  updateDefaultVersion: boolean({ unreported: true }),
  tags: strings(),
};

type Computed = {
  arn: string;
  defaultVersion: number;
  latestVersion: number;
  tagsAll: Record<string, string>;
};

const GONE = [
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateId.Malformed",
  // moto's and ministack's
  "InvalidLaunchTemplateName.NotFoundException",
  "InvalidLaunchTemplateId.NotFoundException",
];
const EXISTS = "InvalidLaunchTemplateName.AlreadyExistsException";

export default defineResource<typeof fields, Computed>({
  title: "launch template",
  fields,
  computed: ["arn", "defaultVersion", "latestVersion", "tagsAll"],
  changing: ["defaultVersion", "latestVersion", "tagsAll"],

  async create(inputs, call) {
    const { name, description, tags } = inputs;
    let template: LaunchTemplate | undefined;
    try {
      const created = await ec2(call).send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: name,
          VersionDescription: description || undefined,
          LaunchTemplateData: toTemplateData(inputs),
          TagSpecifications: tags && [{ ResourceType: "launch-template", Tags: toTagList(tags) }],
        }),
      );
      template = created.LaunchTemplate;
    } catch (error) {
      if (!(isAwsError(error, EXISTS) && wasRetried(error))) throw error;
      template = await find({ LaunchTemplateNames: [name] }, call);
    }
    const id = template?.LaunchTemplateId;
    if (id === undefined) throw new Error("EC2 did not return the ID of the new launch template");
    return id;
  },
  async update(LaunchTemplateId, inputs, actual, call) {
    const isNew = Object.entries(versionFields).some(([name, field]) => {
      const key = name as keyof typeof versionFields;
      return differs(field, actual[key], inputs[key]);
    });
    let version = actual.latestVersion;
    if (isNew) {
      const created = await ec2(call).send(
        new CreateLaunchTemplateVersionCommand({
          LaunchTemplateId,
          VersionDescription: inputs.description || undefined,
          LaunchTemplateData: toTemplateData(inputs),
        }),
      );
      version = created.LaunchTemplateVersion?.VersionNumber ?? version;
    }
    if (inputs.updateDefaultVersion && version !== actual.defaultVersion) {
      await ec2(call).send(
        new ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: String(version) }),
      );
    }
    await setTags(LaunchTemplateId, actual.tags, inputs.tags, call);
  },

  async read(id, call) {
    const template = await find({ LaunchTemplateIds: [id] }, call);
    if (template === undefined) return undefined;
    const latest = template.LatestVersionNumber ?? 1;
    const version = await getVersion(id, latest, call);
    const tags = fromTagList(template.Tags);
    return {
      name: template.LaunchTemplateName ?? "",
      ...fromTemplateData(version?.LaunchTemplateData ?? {}),
      ...(version?.VersionDescription && { description: version.VersionDescription }),
      ...(tags && { tags }),
      arn: `arn:aws:ec2:${call.region}:${await accountId(call)}:launch-template/${id}`,
      defaultVersion: template.DefaultVersionNumber ?? 1,
      latestVersion: latest,
      tagsAll: tags ?? {},
    };
  },

  async delete(LaunchTemplateId, _outputs, call) {
    await undefinedOn(GONE, ec2(call).send(new DeleteLaunchTemplateCommand({ LaunchTemplateId })));
  },
});

async function find(
  input: DescribeLaunchTemplatesCommandInput,
  call: Call,
): Promise<LaunchTemplate | undefined> {
  const request = ec2(call).send(new DescribeLaunchTemplatesCommand(input));
  return (await undefinedOn(GONE, request))?.LaunchTemplates?.[0];
}

async function getVersion(
  LaunchTemplateId: string,
  version: number,
  call: Call,
): Promise<LaunchTemplateVersion | undefined> {
  const request = new DescribeLaunchTemplateVersionsCommand({
    LaunchTemplateId,
    Versions: [String(version)],
  });
  return (await ec2(call).send(request)).LaunchTemplateVersions?.[0];
}

function descriptionProblem(text: string): string | undefined {
  return text.length <= 255 ? undefined : `has ${text.length} characters, and AWS takes at most 255`;
}
