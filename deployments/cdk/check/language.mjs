// The viewer function must be in the JavaScript version that CloudFront Functions support.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'acorn';
import { all } from './templates.mjs';

for (const { name, stacks } of all) {
  test(`${name}: the viewer function is ES 5.1`, () => {
    const functions = stacks.flatMap(({ template }) => Object.values(template.Resources)).filter(({ Type }) => Type === 'AWS::CloudFront::Function');
    assert.equal(functions.length, 1);
    parse(functions[0].Properties.FunctionCode, { ecmaVersion: 5 });
  });
}
