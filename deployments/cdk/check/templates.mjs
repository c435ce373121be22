// The templates that the checks look at: every mode with every kind of bucket and every way
// of events, and what else there is to switch on. The tests in the folder above write them,
// in one process; "cdk synth" writes one, as operators do, without credentials.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const here = import.meta.dirname;

// No account: neither its credentials nor its settings.
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name))),
  CDK_DISABLE_CLI_TELEMETRY: 'true', AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

function temporary() {
  const directory = mkdtempSync(join(tmpdir(), 'calotype-cdk-'));
  process.on('exit', () => rmSync(directory, { recursive: true }));
  return directory;
}

/** The stacks that were synthesised into a folder. */
function stacksOf(folder) {
  const { artifacts } = JSON.parse(readFileSync(join(folder, 'manifest.json')));
  return Object.entries(artifacts)
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([name, artifact]) => {
      const file = join(folder, artifact.properties.templateFile);
      return { name, file, template: JSON.parse(readFileSync(file)) };
    });
}

function combinations() {
  const folder = temporary();
  // What it says is in the error, if it fails.
  execFileSync('go', ['test', '-count=1', '-run', '^TestCombinations$', '.'], { cwd: join(here, '..'), env: { ...env, CALOTYPE_TEST_TEMPLATES: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  return readdirSync(folder).sort().map((name) => ({
    name, context: JSON.parse(readFileSync(join(folder, name, 'context.json'))), stacks: stacksOf(join(folder, name)),
  }));
}

/** For each deployment its name, its context and its stacks. */
export const all = combinations();

/** Those that differ most, for rules that take long and look at one resource at a time. */
export const chosen = all.filter(({ name }) => !name.includes(', ') || /^existing distribution, (new|existing) KMS bucket, (SNS|EventBridge)$/.test(name));

test('there are templates to look at', () => assert.ok(all.length > 60 && chosen.length > 7));

test('cdk synth writes the same', () => {
  const { stacks: [written] } = all.find(({ name }) => name === 'as it comes');
  const zip = readdirSync(dirname(written.file)).find((name) => name.endsWith('.zip')); // The function.
  const folder = join(temporary(), 'out');
  execFileSync(join(here, 'node_modules', '.bin', 'cdk'), [
    'synth', '--quiet', '--no-notices', '--no-version-reporting', '--no-path-metadata', '--no-asset-metadata', '--output', folder, '--context', `edgeZip=${join(dirname(written.file), zip)}`,
  ], { cwd: join(here, '..'), env, stdio: ['ignore', 'ignore', 'pipe'] });
  assert.deepEqual(stacksOf(folder)[0].template, written.template);
});
