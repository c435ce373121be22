// Signatures: SigV4 by aws4, with the credentials of the function's role.
import aws4 from 'aws4';

export function sign({ service, region, method, url, path, headers, body }) {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new Error('no credentials: the function has no role');
  if (!region) throw new Error('no Region');
  const signed = aws4.sign(
    {
      service,
      region,
      method,
      path,
      host: url.host,
      headers,
      body,
    },
    {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN || undefined,
    },
  );
  return { method, path, headers: signed.headers, body };
}
