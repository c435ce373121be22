// The server's events. The browser reconnects by itself when the connection breaks, but
// not after a response that is not a stream.
const retry = 2000;

// listen calls handlers.about, .picture, .gone, .status, .jobs, .notifications and .queues with the data of
// the events, .open when a stream begins and .lost when it breaks.
export function listen(handlers) {
  const source = new EventSource('/-/events');
  source.onopen = () => handlers.open();
  source.onerror = () => {
    handlers.lost();
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(handlers), retry);
    }
  };
  for (const name of ['about', 'picture', 'gone', 'status', 'jobs', 'notifications', 'queues']) {
    source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
  }
}
