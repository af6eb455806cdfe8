/** A parameter file with one mistake. */
interface BadFile {
  readonly title: string;
  readonly text: string;
  /** `line:column message` of each problem. */
  readonly problems: readonly string[];
  readonly fix?: string;
  /** Whether a JSON Schema can express the mistake. Default: yes. */
  readonly schema?: false;
}

const COMMAND = "base_command: x\n";
const NAME = "1 to 63 letters, digits, dots, hyphens and underscores";
const REGIONS =
  "a list of regions, a list of regions with counts (- us-east-1: 25), or a mapping from regions to counts";
const COUNT = "a whole number from 1 to 100000";
const OFFERED =
  "Staging is offered in us-east-1, us-east-2, us-west-1, us-west-2, eu-west-1, eu-west-2, eu-central-1, ap-south-1, ap-southeast-1, ap-southeast-2, ap-northeast-1.";
const DURATION = "A duration is whole numbers with units (d, h, m, s), such as 24h, 90m or 1h30m.";

/** The line is the first one; the command follows. */
const line = (text: string, problems: readonly string[], more: Partial<BadFile> = {}): BadFile => ({
  title: text.replaceAll("\n", "⏎").slice(0, 80),
  text: `${text}\n${COMMAND}`,
  problems,
  ...more,
});

export const BAD_FILES: readonly BadFile[] = [
  {
    title: "an empty file",
    text: "",
    problems: ["- the file: expected a mapping of keys such as sweep_name and base_command, got nothing"],
  },
  {
    title: "a list",
    text: "- a\n",
    problems: ["1:1 the file: expected a mapping of keys such as sweep_name and base_command, got a list"],
  },
  { title: "no command", text: "count: 1\n", problems: ["- the key base_command is missing"] },
  {
    title: "an empty command",
    text: "base_command: ''\n",
    problems: ["1:15 base_command: expected a shell script, got nothing"],
  },
  {
    title: "a command without a value",
    text: "base_command:\n",
    problems: ["1:14 base_command: expected a shell script, got nothing"],
  },
  {
    title: "a command that is a truth value",
    text: "base_command: true\n",
    problems: ["1:15 base_command: expected a shell script; true without quotes is a truth value"],
    fix: 'Put it in quotes: "true"',
  },
  line("sweepname: a", ['1:1 unknown key "sweepname"'], { fix: "Did you mean sweep_name?" }),
  line("max-concurrent: 3", ['1:1 unknown key "max-concurrent"'], { fix: "Did you mean max_concurrent?" }),
  line("__proto__: 3", ['1:1 unknown key "__proto__"']),
  line("constructor: 3", ['1:1 unknown key "constructor"']),
  line("count: ten", [`1:8 count: expected ${COUNT}, got "ten"`]),
  line('count: "10"', [`1:8 count: expected ${COUNT}, got a text`], { fix: "Leave the quotes out." }),
  line("count: 0", [`1:8 count: expected ${COUNT}, got "0"`]),
  line("count: -1", [`1:8 count: expected ${COUNT}, got "-1"`]),
  line("count: 1.5", [`1:8 count: expected ${COUNT}, got "1.5"`]),
  line("count: 100001", [`1:8 count: expected ${COUNT}, got "100001"`]),
  line("count: 1e2", [`1:8 count: expected ${COUNT}, got "1e2"`], { schema: false }),
  line("count: 0x10", [`1:8 count: expected ${COUNT}, got "0x10"`], { schema: false }),
  line("count: 010", [`1:8 count: expected ${COUNT}, got "010"`], { schema: false }),
  line("count: [1]", [`1:8 count: expected ${COUNT}, got a list`]),
  line("count:", [`1:7 count: expected ${COUNT}, got nothing`]),
  line("sweep_name: 0123", [`1:13 sweep_name: expected ${NAME}; 0123 without quotes is a number`], {
    fix: 'Put it in quotes: "0123"',
  }),
  line("sweep_name: 7e10", [`1:13 sweep_name: expected ${NAME}; 7e10 without quotes is a number`], {
    fix: 'Put it in quotes: "7e10"',
  }),
  line("sweep_name: yes", [`1:13 sweep_name: expected ${NAME}; yes without quotes is a truth value`], {
    schema: false,
    fix: 'Put it in quotes: "yes"',
  }),
  line("sweep_name: 2026-11-01", [`1:13 sweep_name: expected ${NAME}; 2026-11-01 without quotes is a date`], {
    schema: false,
  }),
  line("sweep_name: a b", [`1:13 sweep_name: expected ${NAME}, got "a b"`]),
  line(`sweep_name: "a\\nb"`, [`1:13 sweep_name: expected ${NAME}, got "a\\nb"`]),
  line("regions: us-east-1", [`1:10 regions: expected ${REGIONS}, got "us-east-1"`]),
  line("regions: []", [`1:10 regions: expected ${REGIONS}, got a list`]),
  line("regions: [us-east1]", [`1:11 regions[0]: unknown region "us-east1". ${OFFERED}`], {
    fix: "Use us-east-1.",
  }),
  line("regions: [us-east-1, us-east-1]", ["1:22 regions: the region us-east-1 is given twice"]),
  line("regions: [us-east-1: 3, us-west-2]", ["1:10 regions: expected counts for all regions or for none"]),
  line("regions: [us-east-1: 0]", [`1:22 regions[0].us-east-1: expected ${COUNT}, got "0"`]),
  line("regions: [{us-east-1: 3, us-west-2: 3}]", [
    "1:11 regions[0]: expected one region with its count, got 2",
  ]),
  line("regions: {us-east-1:}", [`1:21 regions.us-east-1: expected ${COUNT}, got nothing`]),
  line("distribution: evn", ['1:15 distribution: expected even, proportional or cheapest, got "evn"'], {
    fix: "Did you mean even?",
  }),
  line("distribution: proportional\nregions: [us-east-1]", [
    "1:1 distribution: proportional needs a count for each region",
  ]),
  line("distribution: proportional", ["1:1 distribution: proportional needs regions with counts"]),
  line("distribution: even\nregions: {us-east-1: 5}", [
    "1:1 distribution: even contradicts the counts of regions",
  ]),
  line(
    "distribution: cheapest\nregions: {us-east-1: 5}\ncount: 6",
    ["3:1 count: 6 is more than the regions' limits allow, 5"],
    { schema: false },
  ),
  line(
    "count: 5\nregions: {us-east-1: 2, us-west-2: 2}",
    ["1:1 count: 5 is not the sum of the regions' counts, 4"],
    {
      schema: false,
      fix: "To take the counts of regions as weights: distribution: proportional",
    },
  ),
  line("instance_type: m5", ['1:16 instance_type: expected an instance type such as m5.xlarge, got "m5"']),
  line("instance_type: m5.xlarge; rm", [
    '1:16 instance_type: expected an instance type such as m5.xlarge, got "m5.xlarge; rm"',
  ]),
  line("instance_types: []", ["1:17 instance_types: expected a list of instance types, got a list of 0"]),
  line("instance_types: [m5.xlarge, m5.xlarge]", [
    '1:29 instance_types[1]: "m5.xlarge" is already in the list, at instance_types[0]',
  ]),
  line(
    "instance_types: [m5.xlarge, m6g.xlarge]",
    ["1:1 instance_types: m6g.xlarge has ARM processors and others have not; one image must fit all of them"],
    { schema: false },
  ),
  line("instance_type: m5.large\ninstance_types: [m5.xlarge]", [
    "2:1 instance_type and instance_types exclude each other",
  ]),
  line(
    "stage_id: stage-ref-hg38-xyz",
    [
      '1:11 stage_id: "stage-ref-hg38-xyz" is not a staging ID. A staging ID is stage- and 12 hexadecimal digits, such as stage-abc123def456, or its first 4 digits or more.',
    ],
    { fix: "spawn stage list" },
  ),
  line("stage_id: 0123", [
    "1:11 stage_id: expected a staging ID such as stage-abc123def456; 0123 without quotes is a number",
  ]),
  line("stage_id: stage-abc123def456\nstage_ids: [stage-abc123def456]", [
    "2:1 stage_id and stage_ids exclude each other",
  ]),
  line("stage_ids: stage-abc123def456", [
    '1:12 stage_ids: expected a list of staging IDs, got "stage-abc123def456"',
  ]),
  line("params_file: rows.xlsx", [
    '1:14 params_file: params_file "rows.xlsx" is of an unknown format. The name must end in .csv (a header and rows) or in .jsonl or .ndjson (a JSON object on each line).',
  ]),
  line("params_file: a.csv\ngrid: {a: [1]}", ["2:1 params_file and grid exclude each other"]),
  line("count: 3\ngrid: {a: [1, 2]}", ["1:1 count: 3 contradicts grid: grid has 2 rows"], { schema: false }),
  line(
    "regions: {us-east-1: 3}\ngrid: {a: [1, 2]}",
    ["1:1 regions: the sum of the counts is 3, and grid has 2 rows"],
    { schema: false },
  ),
  line("grid: {a: 1}", ['1:11 grid.a: expected a list of values, got "1"']),
  line("grid: {a: []}", ["1:11 grid.a: expected a list of values, got a list"]),
  line("grid: {a: [[1]]}", ["1:12 grid.a[0]: expected a value"]),
  line("grid: {PATH: [1]}", ['1:8 grid: parameter "PATH": the variable is reserved: the shell uses it'], {
    schema: false,
  }),
  line("grid: {a-b: [1]}", [
    '1:8 grid: parameter "a-b": a column is a variable of the command, so its name has 1 to 64 letters, digits and underscores and does not begin with a digit',
  ]),
  line('grid: {a: ["x\\0y"]}', ["1:12 grid.a[0]: the character NUL cannot be in a variable"], {
    schema: false,
  }),
  line(
    `grid: {${["a", "b", "c"].map((name) => `${name}: [${Array.from({ length: 50 }, (_, at) => at).join(", ")}]`).join(", ")}}`,
    ["1:7 grid: there are 125,000 combinations; the maximum is 100,000"],
    { schema: false },
  ),
  line(
    `grid: {a: [${Array.from({ length: 50_000 }, (_, at) => at).join(",")}], b: [${"x".repeat(2_000)}]}`,
    ["1:7 grid: the rows have 95.6 MB; the maximum is 64.0 MB"],
    { schema: false },
  ),
  line(
    `grid: {a: [${"x".repeat(40_000)}]}`,
    ["1:7 grid: with its longest values, the row has 40,003 bytes; the maximum is 32,768"],
    { schema: false },
  ),
  line("max_concurrent: 0", [`1:17 max_concurrent: expected ${COUNT}, got "0"`]),
  line("retries: 3", ['1:10 retries: expected a mapping of interrupted and error, got "3"']),
  line("retries: {interupted: 1}", ['1:11 retries: unknown key "interupted"'], {
    fix: "Did you mean interrupted?",
  }),
  line("retries: {error: 101}", ['1:18 retries.error: expected a whole number from 0 to 100, got "101"']),
  line("timeout: 3600", [
    "1:10 timeout: expected a duration such as 24h, 90m or 1h30m; 3600 without quotes is a number",
  ]),
  line("timeout: soon", [`1:10 timeout: "soon" is not a duration. ${DURATION}`]),
  line("timeout: 12:30", [
    "1:10 timeout: expected a duration such as 24h, 90m or 1h30m; 12:30 without quotes is a number",
  ]),
  line("timeout: 25h", ["1:1 timeout: 1d1h is longer than the deadline of 1d"], { schema: false }),
  line("deadline: 30s", ["1:11 deadline: the duration 30s is out of range. It must be from 1m to 90d."], {
    schema: false,
  }),
  line("deadline: 91d", ["1:11 deadline: the duration 91d is out of range. It must be from 1m to 90d."], {
    schema: false,
  }),
  line("max_cost: 0", ['1:11 max_cost: expected an amount in US dollars such as 25 or 12.50, got "0"']),
  line("max_cost: $25", ['1:11 max_cost: expected an amount in US dollars such as 25 or 12.50, got "$25"']),
  line(
    'max_cost: "25"',
    ["1:11 max_cost: expected an amount in US dollars such as 25 or 12.50, got a text"],
    { fix: "Leave the quotes out." },
  ),
  line("subnets: [subnet-0abc1234]", [
    "1:10 subnets: expected a mapping from regions to lists of subnet IDs, got a list",
  ]),
  line("subnets: {us-east-1: [vpc-0abc1234]}", [
    '1:23 subnets.us-east-1[0]: expected a subnet ID such as subnet-0abc1234, got "vpc-0abc1234"',
  ]),
  line(
    "subnets: {us-west-2: [subnet-0abc1234]}\nregions: [us-east-1]",
    ["1:1 subnets: us-west-2 is not in regions"],
    { schema: false },
  ),
  line("disk: 200", ["1:7 disk: expected a size such as 200 GB; 200 without quotes is a number"]),
  line("disk: 1 GB", ["1:7 disk: the disk size 1 GB is out of range. It must be from 8 GB to 16 TB."], {
    schema: false,
  }),
  line("results: bucket/results", [
    '1:10 results: "bucket/results" names no bucket. An S3 source is s3://BUCKET/KEY, or s3://BUCKET/PREFIX/ for everything below it.',
  ]),
  line("results: s3://bucket/results", ["1:10 results: s3://bucket/results is an object, not a prefix"], {
    fix: "Add a slash at its end: s3://bucket/results/",
  }),
];
