// The viewer function must be in the JavaScript version that CloudFront Functions support,
// but for the import of CloudFront's own module.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'acorn';
import { all } from './templates.mjs';

for (const { name, stacks, context } of all) {
  test(`${name}: the viewer function is ES 5.1`, () => {
    const functions = stacks.flatMap(({ template }) => Object.values(template.Resources)).filter(({ Type }) => Type === 'AWS::CloudFront::Function');
    assert.equal(functions.length, 1);
    const { FunctionCode: code } = functions[0].Properties;
    const module = "import cf from 'cloudfront';\n";
    assert.equal(code.startsWith(module), context.mode === 'function');
    parse(code.replace(module, ''), { ecmaVersion: 5 });
  });
}
