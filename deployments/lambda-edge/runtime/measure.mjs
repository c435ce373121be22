// Handles events that cause the measured calls. It prints the CPU time in ms from the
// start of the process to the first result, and the median time in ms of later events.
// Each event is for another picture, so that no job counts as already sent.
import { pathToFileURL } from 'node:url';

const [file, settings, role, count] = process.argv.slice(2);
const header = (value) => [{ key: 'x', value }];
const custom = Object.fromEntries(Object.entries({ ...JSON.parse(settings), 'x-env-role': role }).map(([k, v]) => [k, header(v)]));
const viewer = {
  'x-forwarded-for': header('203.0.113.178'),
  'user-agent': header('Amazon CloudFront'),
  via: header('2.0 2afae0d44e2540f472c0635ab62c232b.cloudfront.net (CloudFront)'),
  host: header('pictures.s3.us-east-1.amazonaws.com'),
  'accept-encoding': header('gzip'),
};
const event = (n) => ({
  Records: [
    {
      cf: {
        config: { distributionDomainName: 'd123.cloudfront.net', distributionId: 'EDFDVBD6EXAMPLE', eventType: 'origin-request', requestId: '4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==' },
        request: {
          clientIp: '203.0.113.178',
          method: 'GET',
          uri: `/cats/kitty-${n}.jpg`,
          querystring: 'size=M&to_webp=1',
          headers: viewer,
          origin: { s3: { path: '', authMethod: 'none', region: '', customHeaders: custom, domainName: 'pictures.s3.us-east-1.amazonaws.com' } },
        },
      },
    },
  ],
});
const { handler } = await import(pathToFileURL(file));
await handler(event(0));
const { user, system } = process.cpuUsage();
const times = [];
for (let n = 1; n <= Number(count); n++) {
  const e = event(n);
  const start = performance.now();
  await handler(e);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ cold: (user + system) / 1000, warm: times[times.length >> 1] ?? 0 }));
