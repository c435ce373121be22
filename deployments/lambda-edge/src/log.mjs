// One line of JSON for each event in which something failed. It names the event, what
// failed and why. It contains no headers, no viewer's address and no credentials.
const MAX_LENGTH = 500;

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
  const short = (_name, value) => (typeof value === 'string' ? value.slice(0, MAX_LENGTH) : value);
  process.stderr.write(JSON.stringify(line, short) + '\n'); // In Lambda, console.error adds a prefix.
}
