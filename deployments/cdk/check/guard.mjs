// The templates against the Control Tower rules of cfn-guard, whose binary comes with its
// npm package. Each exception has its reason in reasons-guard.json. A reason
// that is no longer needed is an error too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { chosen } from './templates.mjs';

const reasons = JSON.parse(readFileSync(new URL('reasons-guard.json', import.meta.url)));
const unused = new Set(Object.keys(reasons));
const validator = new CfnGuardValidator();

/** The logical id without the hash that the library adds to it. */
const named = (id) => id.replace(/[0-9A-F]{8}$/, '');

/** The findings, as "rule resource". */
function findings(file) {
  return validator.validate({ templatePaths: [file] }).violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ resourceLogicalId }) => `${ruleName} ${named(resourceLogicalId)}`));
}

for (const { name, stacks } of chosen) {
  for (const stack of stacks) {
    test(`${name}: ${stack.name} follows cfn-guard's rules, or has a reason`, () => {
      const without = findings(stack.file).filter((finding) => !unused.delete(finding) && !(finding in reasons));
      assert.deepEqual([...new Set(without)].sort(), []);
    });
  }
}

test('every reason for cfn-guard is needed', () => {
  assert.deepEqual([...unused], []);
});
