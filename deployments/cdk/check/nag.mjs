// The templates against cdk-nag's rules of the AWS Solutions pack. Each exception
// has its reason in reasons.json. A reason that is no longer needed is an error too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { App, Aspects, LegacyStackSynthesizer, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks } from 'cdk-nag';
import { chosen } from './templates.mjs';

const reasons = JSON.parse(readFileSync(new URL('reasons.json', import.meta.url)));
const unused = new Set(Object.keys(reasons));

/** Collects the findings, as "rule resource" or "rule[finding] resource". */
class Collector {
  findings = [];
  onCompliance() {}
  onSuppressed() {}
  onNotApplicable() {}
  onError({ ruleId, resource, errorMessage }) { this.findings.push(`${ruleId} ${resource.node.id}: could not be checked: ${errorMessage}`); }
  onNonCompliance({ ruleOriginalName, ruleId, findingId, resource }) { this.findings.push(`${findingId ? ruleId.replace(/\[.*/, '') + `[${findingId}]` : ruleId} ${resource.node.id}`); }
}

function findings(file) {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, 'Stack', { synthesizer: new LegacyStackSynthesizer() });
  new CfnInclude(stack, 'Template', { templateFile: file });
  const collector = new Collector();
  const pack = new AwsSolutionsChecks({ verbose: false, additionalLoggers: [collector] });
  pack.loggers = [collector];
  Aspects.of(app).add(pack);
  app.synth();
  return collector.findings;
}

/** The logical id without the hash that the library adds to it. */
const named = (finding) => finding.replace(/[0-9A-F]{8}$/, '');

for (const { name, stacks } of chosen) {
  for (const stack of stacks) {
    test(`${name}: ${stack.name} follows the rules, or has a reason`, () => {
      const without = [];
      for (const finding of findings(stack.file).map(named)) {
        const reason = Object.keys(reasons).find((key) => finding === key);
        if (reason) unused.delete(reason);
        else without.push(finding);
      }
      assert.deepEqual(without, []);
    });
  }
}

test('every reason is needed', () => {
  assert.deepEqual([...unused], []);
});
