// What goes back to CloudFront: the event's own request or response, changed as an
// answer of the decision says. edge/cloudfront/step.go documents its fields.

export function asItCame(event, cf) {
  return cf?.response ?? cf?.request ?? event;
}

export function answerOf(event, cf, { response, uri, originPath, set, remove }) {
  if (response) return generated(response);
  const own = asItCame(event, cf);
  if (uri) own.uri = uri;
  if (originPath) (own.origin.s3 ?? own.origin.custom).path = originPath;
  for (const name of remove ?? []) delete own.headers[name];
  for (const { name, value } of set ?? []) own.headers[name.toLowerCase()] = [{ key: name, value }];
  return own;
}

function generated({ status, description, contentType, body }) {
  return {
    status,
    statusDescription: description,
    headers: { 'content-type': [{ key: 'Content-Type', value: contentType }] },
    body,
  };
}

// shortLived is for answers that nothing could be decided about: if one is an
// original that stands in for a rendition, it must not be cached for a day.
export function shortLived(answer, cf) {
  const isOrigins = cf?.response && cf.config?.eventType === 'origin-response';
  if (!isOrigins || !['200', '206', '304'].includes(String(answer.status))) return answer;
  const headers = Object.fromEntries(
    Object.entries(answer.headers ?? {}).filter(([name]) => !name.toLowerCase().startsWith('x-amz-meta-')),
  );
  headers['cache-control'] = [{ key: 'Cache-Control', value: 'public, max-age=0, s-maxage=5' }];
  return { ...answer, headers };
}
