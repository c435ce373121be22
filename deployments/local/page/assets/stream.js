// The server's events. The browser connects again by itself when the server goes
// away; what it does not do is try again after an answer that is no stream.
const retry = 2000;

// listen calls handlers.about, .picture, .gone and .status with what the events
// hold, .open when a stream begins and .lost when it breaks.
export function listen(handlers) {
  const source = new EventSource('/-/events');
  source.onopen = () => handlers.open();
  source.onerror = () => {
    handlers.lost();
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(handlers), retry);
    }
  };
  for (const name of ['about', 'picture', 'gone', 'status']) {
    source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
  }
}
