// Every resource against AWS's own description of its type: unknown and missing
// properties, and values of the wrong kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { all } from './templates.mjs';

const spec = await loadAwsServiceSpec();

const isReference = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
  && Object.keys(value).length === 1 && /^(Ref|Condition|Fn::.*)$/.test(Object.keys(value)[0]);

const scalars = {
  string: (v) => ['string', 'number', 'boolean'].includes(typeof v),
  'date-time': (v) => typeof v === 'string',
  boolean: (v) => typeof v === 'boolean' || v === 'true' || v === 'false',
  integer: (v) => Number.isInteger(Number(v)),
  number: (v) => typeof v !== 'object' && Number.isFinite(Number(v)),
};

/** Yields the errors in a value of a type. */
function* wrong(type, value, path) {
  if (isReference(value)) return;
  if (scalars[type.type]) {
    if (!scalars[type.type](value)) yield `${path}: ${JSON.stringify(value)} is not of type ${type.type}`;
  } else if (type.type === 'array') {
    if (!Array.isArray(value)) yield `${path}: not a list`;
    else for (const [i, element] of value.entries()) yield* wrong(type.element, element, `${path}.${i}`);
  } else if (type.type === 'map') {
    for (const [key, element] of Object.entries(value)) yield* wrong(type.element, element, `${path}.${key}`);
  } else if (type.type === 'ref') {
    yield* wrongProperties(spec.get('typeDefinition', type.reference.$ref).properties, value, path);
  } else if (type.type === 'union') {
    const tries = type.types.map((t) => [...wrong(t, value, path)]);
    if (tries.every((mistakes) => mistakes.length > 0)) yield* tries[0];
  } else if (type.type === 'tag') {
    if (typeof value.Key !== 'string' || value.Value === undefined) yield `${path}: not a tag`;
  } else if (type.type !== 'json') {
    throw new Error(`${path}: no check for the type ${type.type}`);
  }
}

function* wrongProperties(properties, value, path) {
  if (typeof value !== 'object' || Array.isArray(value)) {
    yield `${path}: not an object`;
    return;
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.required && value[name] === undefined) yield `${path}.${name} is missing`;
  }
  for (const [name, one] of Object.entries(value)) {
    if (!properties[name]) yield `${path}.${name}: there is no such property`;
    else yield* wrong(properties[name].type, one, `${path}.${name}`);
  }
}

function* mistakes(template) {
  for (const [id, { Type, Properties = {} }] of Object.entries(template.Resources)) {
    if (Type.startsWith('Custom::')) continue; // A type of the library's, for values from another Region.
    const found = [...spec.lookup('resource', 'cloudFormationType', 'equals', Type)];
    if (found.length === 0) yield `${id}: AWS has no ${Type}`;
    else yield* wrongProperties(found[0].properties, Properties, id);
  }
}

for (const { name, stacks } of all) {
  for (const stack of stacks) {
    test(`${name}: ${stack.name} matches CloudFormation's schema`, () => {
      assert.deepEqual([...mistakes(stack.template)], []);
    });
  }
}

test('mistakes are found', () => {
  const template = {
    Resources: {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'soon', Visibility: 30 } },
      Nothing: { Type: 'AWS::SQS::Qeue' },
      Role: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p' }] } },
    },
  };
  assert.deepEqual([...mistakes(template)], [
    'Queue.VisibilityTimeout: "soon" is not of type integer',
    'Queue.Visibility: there is no such property',
    'Nothing: AWS has no AWS::SQS::Qeue',
    'Role.AssumeRolePolicyDocument is missing',
    'Role.Policies.0.PolicyDocument is missing',
  ]);
});
