// The handler to compare with: the same two calls with the AWS SDK, and a minimal
// decision.
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const s3 = new S3Client({ forcePathStyle: true });
const sqs = new SQSClient({});

export async function handler(event) {
  const { request } = event.Records[0].cf;
  const setting = (name) => request.origin.s3.customHeaders[name][0].value;
  const query = new URLSearchParams(request.querystring);
  const source = decodeURIComponent(request.uri.slice(1));
  try {
    await s3.send(new HeadObjectCommand({ Bucket: setting('x-env-bucket-name'), Key: source }));
    const job = JSON.stringify({ v: 1, source, variants: [`${query.get('size')}.webp`] });
    await sqs.send(new SendMessageCommand({ QueueUrl: setting('x-env-queue-url'), MessageBody: job }));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
  return request;
}
