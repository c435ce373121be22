// One line of JSON for each event that failed in something. It names the event, what
// failed and why: no headers, no address of a viewer, no credentials.
const LONGEST = 500;

export function report(cf, fault, detail, error) {
  const line = {
    level: 'warn',
    fault,
    detail,
    error: error && (error.code ?? error.message),
    event: cf?.config?.eventType,
    distribution: cf?.config?.distributionId,
    request: cf?.config?.requestId,
  };
  const short = (_name, value) => (typeof value === 'string' ? value.slice(0, LONGEST) : value);
  process.stderr.write(JSON.stringify(line, short) + '\n'); // console.error writes more before it, in Lambda.
}
