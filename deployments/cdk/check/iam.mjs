// Who may do what, by simulation over the templates' own policies: for each call, of
// all roles that the stacks make, of CloudFront, of other services, of other accounts and of anybody,
// exactly these may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate';
import { all } from './templates.mjs';

const account = '123456789012';
const parameters = { BucketName: 'photos-of-ours', DestinationFolder: 'resized', Quality: '80', OriginSecret: 'x'.repeat(24), PreviousOriginSecret: '', 'AWS::AccountId': account, 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com' };
const bucket = `arn:aws:s3:::${parameters.BucketName}`;

/** The resources of a deployment, with references resolved. */
function plain({ stacks, context }) {
  const resources = Object.assign({}, ...stacks.map(({ name, template }) => Object.fromEntries(Object.entries(template.Resources)
    .map(([id, r]) => [id, { ...r, region: stacks.length > 1 && !name.endsWith('-edge') ? 'eu-west-1' : 'us-east-1' }]))));
  const arns = {
    'AWS::SQS::Queue': ({ region, Properties }) => `arn:aws:sqs:${region}:${account}:${Properties.QueueName}`,
    'AWS::S3::Bucket': () => bucket,
    'AWS::SNS::Topic': ({ region, Properties }) => `arn:aws:sns:${region}:${account}:${Properties?.TopicName ?? 'alarms'}`,
  };
  const resolve = (value, region) => {
    if (Array.isArray(value)) return value.map((v) => resolve(v, region));
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value && resources[value.Ref]?.Type === 'AWS::SNS::Topic') return arns['AWS::SNS::Topic'](resources[value.Ref]);
    if ('Ref' in value) return parameters[value.Ref] ?? (value.Ref === 'AWS::Region' ? region : value.Ref);
    if ('Fn::Join' in value) return resolve(value['Fn::Join'][1], region).join(value['Fn::Join'][0]);
    if ('Fn::Sub' in value) return value['Fn::Sub'].replace(/\$\{([^}]+)\}/g, (_, name) => resolve({ Ref: name }, region));
    if ('Fn::GetAtt' in value) {
      const [id, attribute] = value['Fn::GetAtt'];
      const { Type } = resources[id];
      if (Type === 'Custom::CrossRegionExportReader') return distribution({ resources });
      if (attribute !== 'Arn') return `${id}.${attribute}`;
      return arns[Type]?.(resources[id]) ?? `arn:aws:service:${region}:${account}:${id}`;
    }
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, resolve(v, region)]));
  };
  const outputs = Object.assign({}, ...stacks.map(({ template }) => template.Outputs));
  return {
    resources: {
      ...Object.fromEntries(Object.entries(resources).map(([id, r]) => [id, { ...r, Properties: resolve(r.Properties ?? {}, r.region) }])),
      ...added(Object.fromEntries(Object.entries(outputs).map(([name, { Value }]) => [name, resolve(Value)]))),
    },
    context,
  };
}

/** The policies that an operator adds: a key's has the default one's statement as well. */
function added({ BucketPolicyToAdd, KeyPolicyToAdd }) {
  const policy = (Type, ...Statement) => ({ Type, Properties: { PolicyDocument: { Version: '2012-10-17', Statement } } });
  const root = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' };
  return {
    ...BucketPolicyToAdd && { BucketPolicyToAdd: policy('AWS::S3::BucketPolicy', JSON.parse(BucketPolicyToAdd)) },
    ...KeyPolicyToAdd && { KeyPolicyToAdd: policy('AWS::KMS::KeyPolicy', root, JSON.parse(KeyPolicyToAdd)) },
  };
}

/** Here a distribution's id is its logical id. */
const distribution = ({ resources, context }) => context?.existingDistribution
  ?? Object.entries(resources).find(([, { Type }]) => Type === 'AWS::CloudFront::Distribution')[0];

/** All possible callers, keyed by name, with their principals and policies. */
function callers({ resources, context }) {
  const named = {};
  for (const [id, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== 'AWS::IAM::Role') continue;
    for (const managed of Properties.ManagedPolicyArns ?? []) {
      // The only AWS managed policy that is known here: it permits writing logs.
      assert.match(JSON.stringify(managed), /AWSLambdaBasicExecutionRole/);
    }
    const attached = Object.values(resources).filter((r) => r.Type === 'AWS::IAM::Policy' && r.Properties.Roles.includes(id));
    named[id.replace(/[0-9A-F]{8}$/, '')] = {
      principal: `arn:aws:iam::${account}:role/${id}`,
      policies: [...(Properties.Policies ?? []), ...attached.map((r) => r.Properties)].map((p) => ({ name: p.PolicyName, policy: p.PolicyDocument })),
    };
  }
  const front = (id) => ({ principal: 'cloudfront.amazonaws.com', policies: [], context: { 'aws:SourceArn': `arn:aws:cloudfront::${account}:distribution/${id}` } });
  return {
    ...named,
    'the distribution': front(distribution({ resources, context })),
    'another distribution': front('EANOTHER'),
    'another account': { principal: 'arn:aws:iam::999999999999:role/Other', policies: [{ name: 'all', policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }] },
    anybody: { principal: anonymousPrincipal, policies: [] },
    'S3, for the bucket': { principal: 's3.amazonaws.com', policies: [], context: { 'aws:SourceArn': bucket, 'aws:SourceAccount': account } },
    'SNS, for the topic': { principal: 'sns.amazonaws.com', policies: [], context: { 'aws:SourceArn': topicOf({ resources, context }) } },
    'SNS, for another topic': { principal: 'sns.amazonaws.com', policies: [], context: { 'aws:SourceArn': `arn:aws:sns:us-east-1:${account}:another` } },
    'EventBridge, for the rule': { principal: 'events.amazonaws.com', policies: [], context: { 'aws:SourceArn': ruleOf(resources), 'aws:SourceAccount': account } },
    'EventBridge, for another rule': { principal: 'events.amazonaws.com', policies: [], context: { 'aws:SourceArn': `arn:aws:events:us-east-1:${account}:rule/another`, 'aws:SourceAccount': account } },
    'S3, for another bucket': { principal: 's3.amazonaws.com', policies: [], context: { 'aws:SourceArn': 'arn:aws:s3:::another', 'aws:SourceAccount': '999999999999' } },
  };
}

const idOf = (resources, type) => Object.entries(resources).find(([id, { Type }]) => Type === type && id.startsWith('Events'))?.[0];

/** The topic that has the bucket's events, and the rule that sends them. */
function topicOf({ resources, context }) {
  const topic = resources[idOf(resources, 'AWS::SNS::Topic')];
  return context.eventsTopicArn ?? `arn:aws:sns:${topic?.region ?? 'us-east-1'}:${account}:${topic?.Properties.TopicName ?? 'none'}`;
}

function ruleOf(resources) {
  const id = idOf(resources, 'AWS::Events::Rule');
  return `arn:aws:service:${resources[id]?.region ?? 'us-east-1'}:${account}:${id}`;
}

/** The names of the allowed callers. */
async function whoMay({ resources, context: settings }, action, resource, { tls = true, via } = {}) {
  const policies = Object.values(resources).filter(({ Type, Properties }) =>
    Type === 'AWS::S3::BucketPolicy' ? resource.startsWith(bucket)
      : Type === 'AWS::KMS::KeyPolicy' ? resource === settings.kmsKeyArn
      : Type === 'AWS::SNS::TopicPolicy' ? Properties.Topics.includes(resource)
      : Type === 'AWS::SQS::QueuePolicy' && Properties.Queues.some((id) => resource.endsWith(`:${resources[id]?.Properties.QueueName}`)));
  const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  const may = [];
  for (const [name, { principal, policies: own, context }] of Object.entries(callers({ resources, context: settings }))) {
    const answer = await runSimulation({
      request: {
        principal, action, resource: { resource, accountId: account },
        contextVariables: { 'aws:SecureTransport': String(tls), ...(resource.startsWith(bucket) ? { 's3:TlsVersion': '1.3' } : {}), ...via && { 'kms:ViaService': via }, ...context },
      },
      identityPolicies: own, serviceControlPolicies: [], resourceControlPolicies: [],
      resourcePolicy: statements.length ? { Version: '2012-10-17', Statement: statements } : undefined,
    }, {});
    assert.notEqual(answer.resultType, 'error', `${name} ${action} ${resource}: ${JSON.stringify(answer.errors)}`);
    if (answer.overallResult === 'Allowed') may.push(name);
  }
  return may.sort();
}

const [worker, viewers] = ['WorkerRole', 'the distribution'];

/** The role of the edge function or of the function URL; none for an edge of the operator's. */
const edgeOf = ({ mode, originDomain }) => mode !== 'function' ? ['EdgeRole'] : originDomain ? [] : ['EdgeURLRole'];

/** The bus that workers announce how jobs end to. */
const busOf = ({ notify, region = 'us-east-1' }) => notify && `arn:aws:events:${region}:${account}:event-bus/${notify}`;

const senders = { s3: 'S3, for the bucket', sns: 'SNS, for the topic', eventbridge: 'EventBridge, for the rule' };

const expected = ({ jobs, dead, events, backfill, topic, context, distributionArn, edge = edgeOf(context) }) => [
  ['s3:GetObject', `${bucket}/cats/kitty.jpg`, [...edge, worker, viewers]],
  ['s3:GetObject', `${bucket}/resized/M/cats/kitty.jpg`, [...edge, worker, viewers]],
  ['s3:ListBucket', bucket, [...edge, worker]],
  ['s3:PutObject', `${bucket}/resized/M/cats/kitty.jpg`, [worker]],
  ['s3:DeleteObject', `${bucket}/resized/M/cats/kitty.jpg`, [worker]],
  ['s3:PutObject', `${bucket}/cats/kitty.jpg`, []],
  ['s3:PutObject', `${bucket}/resized.jpg`, []],
  ['s3:PutObject', `${bucket}/resized-too/kitty.jpg`, []],
  ['s3:DeleteObject', `${bucket}/cats/kitty.jpg`, []],
  ['s3:PutObjectAcl', `${bucket}/resized/M/cats/kitty.jpg`, []],
  ['s3:PutBucketPolicy', bucket, []],
  ['s3:GetObject', 'arn:aws:s3:::another/kitty.jpg', []],
  ['cloudfront:CreateInvalidation', distributionArn, context.purge ? [worker] : []],
  ['cloudfront:UpdateDistribution', distributionArn, []],
  ...busOf(context) ? [['events:PutEvents', busOf(context), [worker]], ['events:DeleteEventBus', busOf(context), []]] : [],
  ['events:PutEvents', `arn:aws:events:us-east-1:${account}:event-bus/another`, []],
  ['sqs:SendMessage', jobs, [...edge, worker]],
  ['sqs:ReceiveMessage', jobs, [worker]],
  ['sqs:DeleteMessage', jobs, [worker]],
  ['sqs:ChangeMessageVisibility', jobs, [worker]],
  ['sqs:PurgeQueue', jobs, []],
  ['sqs:SendMessage', dead, [worker]],
  ['sqs:ReceiveMessage', dead, []],
  ['sqs:DeleteMessage', dead, []],
  ...[events, backfill].filter(Boolean).flatMap((queue) => [
    ['sqs:SendMessage', queue, queue === events ? [senders[context.events], worker] : [...context.edgeAuto ? edge : [], worker]],
    ['sqs:ReceiveMessage', queue, [worker]],
    ['sqs:DeleteMessage', queue, [worker]],
    ['sqs:ChangeMessageVisibility', queue, [worker]],
    ['sqs:PurgeQueue', queue, []],
  ]),
  ...topic ? [['sns:Publish', topic, ['S3, for the bucket']], ['sns:Subscribe', topic, []]] : [],
  ...context.kmsKeyArn ? [
    ['kms:Decrypt', context.kmsKeyArn, [...edge, worker, viewers], { via: 's3.us-east-1.amazonaws.com' }],
    ['kms:GenerateDataKey', context.kmsKeyArn, [worker], { via: 's3.us-east-1.amazonaws.com' }],
    ['kms:Decrypt', context.kmsKeyArn, [viewers], { via: 'sqs.us-east-1.amazonaws.com' }],
    ['kms:PutKeyPolicy', context.kmsKeyArn, []],
  ] : [],
];

for (const deployment of all) {
  const plainly = plain(deployment);
  const { resources, context } = plainly;
  const queue = (name) => {
    const found = Object.entries(resources).find(([id, { Type }]) => Type === 'AWS::SQS::Queue' && id.startsWith(name));
    if (!found) return undefined;
    const { region, Properties } = found[1];
    return `arn:aws:sqs:${region}:${account}:${Properties.QueueName}`;
  };
  const settings = {
    jobs: queue('Jobs'), dead: queue('DeadLetters'), events: queue('Events'), backfill: queue('Backfill'), context,
    topic: idOf(resources, 'AWS::SNS::Topic') && topicOf(plainly), distributionArn: `arn:aws:cloudfront::${account}:distribution/${distribution(plainly)}`,
  };
  test(`${deployment.name}: its queues are looked at`, () => {
    assert.deepEqual([settings.events, settings.backfill].map(Boolean), [Boolean(context.events), Boolean(context.backfillQueue)]);
    assert.ok(settings.jobs && settings.dead);
    assert.equal(Boolean(settings.topic), context.events === 'sns' && !context.eventsTopicArn);
  });
  test(`${deployment.name}: who may do what`, async () => {
    for (const [action, resource, want, how] of expected(settings)) {
      assert.deepEqual(await whoMay(plainly, action, resource, how), want.sort(), `${action} on ${resource}`);
    }
  });
  test(`${deployment.name}: no access without TLS`, async () => {
    assert.deepEqual(await whoMay(plainly, 'sqs:SendMessage', settings.jobs, { tls: false }), []);
    if (!context.existingBucket) assert.deepEqual(await whoMay(plainly, 's3:GetObject', `${bucket}/kitty.jpg`, { tls: false }), []);
  });
}
