// The checked templates: as "cdk synth" writes them, without credentials, for the
// settings that differ most.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;

const deployments = {
  'as it comes': {},
  'all switched on': {
    originGroup: true, spot: true, backfillQueue: true, s3Events: true, onUpload: 'M,M.webp', purge: true, alarmEmail: 'team@example.com',
    domainName: 'pictures.example.com', certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
  },
  'in another Region': { region: 'eu-west-1', checkSource: true },
  'with a bucket that is there': { existingBucket: 'photos-of-ours' },
};

function synthesise(context) {
  const directory = mkdtempSync(join(tmpdir(), 'calotype-cdk-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  const values = Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
  const output = join(directory, 'out');
  execFileSync(join(here, 'node_modules', '.bin', 'cdk'), ['synth', '--quiet', '--no-notices', '--no-version-reporting', '--output', output, ...values], {
    cwd: join(here, '..'),
    // Without an account's credentials and settings.
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name))),
      CDK_DISABLE_CLI_TELEMETRY: 'true', AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    stdio: ['ignore', 'ignore', 'pipe'], // Its output is in the error, if it fails.
  });
  const artifacts = JSON.parse(readFileSync(join(output, 'manifest.json'))).artifacts;
  return Object.entries(artifacts)
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([name, artifact]) => {
      const file = join(output, artifact.properties.templateFile);
      return { name, file, template: JSON.parse(readFileSync(file)) };
    });
}

/** The name and the stacks of each deployment. */
export const all = Object.entries(deployments).map(([name, context]) => ({ name, stacks: synthesise(context) }));
