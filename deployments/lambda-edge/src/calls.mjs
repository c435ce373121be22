// The calls to AWS: HEAD of an object, or GET of its first byte, and SendMessage to a
// queue. They never throw: the status is 0 if there was no response, and the error says
// why.
import { request } from './http.mjs';
import { sign } from './sign.mjs';

const EVENT_BUDGET = 2500; // ms, for all calls of one event
const CALL_BUDGET = 1000; // ms, for one call

// The hash of an empty body, which S3 requires.
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

// Budget is the time that all calls of one event may take together.
export class Budget {
  #end = performance.now() + EVENT_BUDGET;

  left() {
    return Math.min(CALL_BUDGET, this.#end - performance.now());
  }
}

export async function head({ bucket, key, region, version, code }, budget) {
  return attempt(async () => {
    region ||= process.env.AWS_REGION;
    const path = '/' + key.split('/').map(escape).join('/');
    const endpoint = process.env.AWS_ENDPOINT_URL_S3;
    let url;
    if (endpoint) url = new URL(endpoint.replace(/\/+$/, ''));
    // The certificate of *.s3 is not valid for names with a dot.
    else if (bucket.includes('.')) url = new URL(`https://s3.${region}.amazonaws.com`);
    else url = new URL(`https://${bucket}.s3.${region}.amazonaws.com`);
    const inPath = endpoint || bucket.includes('.') ? `/${bucket}` : '';
    const own = { 'X-Amz-Content-Sha256': NO_BODY };
    if (code) own.Range = 'bytes=0-0'; // A response to HEAD has no body, and so no code.
    const signed = sign({ service: 's3', region, method: code ? 'GET' : 'HEAD', url, path: inPath + path, headers: own });
    const { headers, ...result } = await request(url, signed, budget.left());
    if (code) return { ...result, code: result.error?.message };
    return version ? { ...result, etag: headers.etag, metadata: metadata(headers) } : result;
  });
}

function metadata(headers) {
  const prefix = 'x-amz-meta-';
  const own = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

export async function send({ queueUrl, body, region }, budget) {
  return attempt(async () => {
    region ||= process.env.AWS_REGION;
    const url = new URL(process.env.AWS_ENDPOINT_URL_SQS || queueUrl);
    const signed = sign({
      service: 'sqs',
      region,
      method: 'POST',
      url,
      path: '/',
      headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage' },
      body: JSON.stringify({ QueueUrl: queueUrl, MessageBody: body }),
    });
    const { status, error } = await request(url, signed, budget.left());
    return { status, error };
  });
}

async function attempt(call) {
  try {
    return await call();
  } catch (error) {
    return { status: 0, error };
  }
}

// escape encodes a segment of a key for SigV4: all reserved characters are escaped.
function escape(segment) {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
}
