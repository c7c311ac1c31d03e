/** `npm run bench`: one after the other, as each would disturb the rest. */
const benchmarks = [
  'iam-decision',
  'signature-check',
  's3-small-puts',
  's3-large-puts',
  'mqtt-connections',
  'registration-storm',
  'start',
  'issue-upload',
  'upload-log',
  'device-uploads',
]

for (const name of benchmarks) await import(`./${name}.ts`)
