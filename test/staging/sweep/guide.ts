/*
 * The parameter files of the user guide: their keys and values. The guide's commands print their IDs; `stage-ref-hg38-xyz` and the
 * like are placeholders there, and an id has 12 hexadecimal digits.
 */

interface GuideFile {
  readonly title: string;
  readonly text: string;
  /** Its indices, where `rows` are those of its `params_file`. */
  readonly count: number;
  readonly regions: readonly (readonly [string, number | undefined])[];
  readonly rows?: string;
}

export const GUIDE_FILES: readonly GuideFile[] = [
  {
    title: "the first sweep",
    text: `# sweep.yaml
sweep_name: genome-analysis
count: 100
regions:
  - us-east-1
  - us-west-2
stage_id: stage-abc123def456
base_command: |
  #!/bin/bash
  # a comment of the script
  ./analyze_genome /mnt/data/reference.fasta output.vcf
`,
    count: 100,
    regions: [
      ["us-east-1", undefined],
      ["us-west-2", undefined],
    ],
  },
  {
    title: "counts by region",
    text: `sweep_name: genome-pipeline
count: 50
regions:
  - us-east-1: 25
  - us-west-2: 25
stage_id: stage-abc123def456
base_command: |
  #!/bin/bash
  ./analyze /mnt/data/reference.fasta output.vcf
`,
    count: 50,
    regions: [
      ["us-east-1", 25],
      ["us-west-2", 25],
    ],
  },
  {
    title: "several regions",
    text: `sweep_name: ml-training
count: 100
distribution: even  # or another one
regions:
  - us-east-1
  - us-west-2
  - eu-west-1
stage_id: stage-abc123def456  # in all regions
instance_type: p3.2xlarge
base_command: |
  #!/bin/bash
  python train.py \\
    --data /mnt/data/training-set.tar.gz \\
    --output /mnt/results/model-\${SWEEP_INDEX}.pt
`,
    count: 100,
    regions: [
      ["us-east-1", undefined],
      ["us-west-2", undefined],
      ["eu-west-1", undefined],
    ],
  },
  {
    title: "several datasets",
    text: `sweep_name: analysis
stage_ids:
  - stage-0123456789ab
  - stage-ba9876543210
regions:
  - us-east-1
  - us-west-2
base_command: |
  #!/bin/bash
  ls -lh /data/
  # two files
  ./analyze.sh
`,
    count: 2,
    regions: [
      ["us-east-1", undefined],
      ["us-west-2", undefined],
    ],
  },
  {
    title: "a reference genome",
    text: `sweep_name: my-samples
stage_id: stage-00aa11bb22cc
count: 10
base_command: |
  #!/bin/bash
  bwa mem /mnt/data/reference.fasta sample-\${SWEEP_INDEX}.fastq > aligned-\${SWEEP_INDEX}.sam
`,
    count: 10,
    regions: [],
  },
  {
    title: "inference",
    text: `sweep_name: inference-fleet
stage_id: stage-00aa11bb22cd
count: 300
regions:
  - us-east-1: 100
  - us-west-2: 100
  - eu-west-1: 100
instance_type: p3.2xlarge
base_command: |
  #!/bin/bash
  python infer.py \\
    --model /opt/model/weights.pt \\
    --input s3://inference-inputs/batch-\${SWEEP_INDEX}/ \\
    --output s3://inference-outputs/results-\${SWEEP_INDEX}/
`,
    count: 300,
    regions: [
      ["us-east-1", 100],
      ["us-west-2", 100],
      ["eu-west-1", 100],
    ],
  },
  {
    title: "a simulation with rows",
    text: `sweep_name: parameter-sweep
stage_id: stage-00aa11bb22ce
params_file: parameters.csv  # many rows
base_command: |
  #!/bin/bash
  cd /mnt/inputs
  ./simulate --params \${PARAM_SET} --output /mnt/results/run-\${SWEEP_INDEX}.dat
`,
    rows: `alpha,label\n${"1,plain\n".repeat(1000)}`,
    count: 1000,
    regions: [],
  },
  {
    title: "a command alone",
    text: `base_command: |
  #!/bin/bash
  # the data are compressed
  cd /mnt/data
  tar xzf dataset.tar.gz
  ./process dataset/
`,
    count: 1,
    regions: [],
  },
];

/** Every key at once. */
export const FULL_FILE = `sweep_name: full
count: 6
regions: {us-east-1: 4, us-west-2: 2}
distribution: proportional
instance_types: [m5.xlarge, m5a.xlarge]
stage_ids: [stage-abc123def456, "0123"]
grid:
  alpha: [0123, 1.10, "x y"]
  mode: [yes, 2026-11-01]
base_command: ./run.sh
max_concurrent: 4
retries: {interrupted: 5, error: 1}
timeout: 1h30m
deadline: 2d
max_cost: 12.50
subnets:
  us-east-1: [subnet-0abc1234]
disk: 200 GB
results: s3://bucket/results/
`;
