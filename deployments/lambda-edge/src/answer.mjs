// What the function returns to CloudFront: the event's own request or response, with the
// changes of the decision's answer. edge/cloudfront/step.go documents its fields.

export function unchanged(event, cf) {
  return cf?.response ?? cf?.request ?? event;
}

export function answerOf(event, cf, { response, uri, originPath, set, remove }) {
  if (response) return generated(response);
  const own = unchanged(event, cf);
  if (uri) own.uri = uri;
  if (originPath) (own.origin.s3 ?? own.origin.custom).path = originPath;
  for (const name of remove ?? []) delete own.headers[name];
  for (const { name, value } of set ?? []) own.headers[name.toLowerCase()] = [{ key: name, value }];
  return own;
}

const missing = {
  status: '404',
  description: 'Not Found',
  headers: [
    { name: 'Content-Type', value: 'text/plain; charset=utf-8' },
    { name: 'Cache-Control', value: 'public, max-age=1, s-maxage=5' },
    { name: 'X-Content-Type-Options', value: 'nosniff' },
  ],
  body: '404 page not found\n',
};

function generated({ status, description, headers, body }) {
  const own = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), [{ key: name, value }]]));
  return { status, statusDescription: description, headers: own, body };
}

// shortLived shortens the lifetime of a response without a decision: if it is a pending
// original, it must not be cached for a day. Where originals must not be seen, it is 404.
export function shortLived(answer, cf) {
  const isOrigins = cf?.response && cf.config?.eventType === 'origin-response';
  if (!isOrigins || !['200', '206', '304'].includes(String(answer.status))) return answer;
  const { s3, custom } = cf.request?.origin ?? {};
  if ((s3 ?? custom)?.customHeaders?.['x-env-pending']?.[0]?.value.toLowerCase() === 'none') return generated(missing);
  const headers = Object.fromEntries(
    Object.entries(answer.headers ?? {}).filter(([name]) => !name.toLowerCase().startsWith('x-amz-meta-')),
  );
  headers['x-content-type-options'] = [{ key: 'X-Content-Type-Options', value: 'nosniff' }];
  headers['cache-control'] = [{ key: 'Cache-Control', value: 'public, max-age=1, s-maxage=5, stale-if-error=86400' }];
  return { ...answer, headers };
}
