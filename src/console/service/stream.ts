import { effect, signal } from '@preact/signals';
import type { MessageStamp, TopicName, Topics } from '../../framework/local/console/api.js';
import { type CallError, refusalOf } from './calls.js';

/** The state of the page's connection to the service. */
export type ConnectionState = 'idle' | 'connecting' | 'live' | 'paused' | 'lost';

export const connection = signal<ConnectionState>('idle');
/** True while the page is frozen: the user has pressed the pause button, and the page no longer changes. */
export const paused = signal(false);
/** The milliseconds by which the service's clock is ahead of the browser's. */
const ahead = signal(0);
const visible = signal(document.visibilityState !== 'hidden');

document.addEventListener('visibilitychange', () => {
  visible.value = document.visibilityState !== 'hidden';
});

/**
 * The current time on the service's clock, in epoch milliseconds. It is updated four times a second, but not while the
 * page is frozen.
 */
export const now = signal(Date.now());
setInterval(() => {
  if (!paused.value && visible.value) now.value = Date.now() + ahead.value;
}, 250);

/** The functions to call with the messages of a topic. */
export interface Listener<K extends TopicName> {
  snapshot(data: Topics[K]['snapshot']): void;
  change?(data: Topics[K]['change']): void;
  /** Called if the service refuses the stream, for example because it has nothing with the ARN. */
  refused?(error: CallError): void;
}

/**
 * Receives the messages of a topic until the returned function is called. The connection is closed while the browser
 * tab is hidden or the page is frozen. When it is opened again, the messages continue after the last one received.
 */
export function follow<K extends TopicName>(
  topic: K,
  arn: string | undefined,
  listener: Listener<K>,
): () => void {
  let seen: string | undefined;
  return effect(() => {
    if (!visible.value) return undefined;
    if (paused.value) {
      connection.value = 'paused';
      return undefined;
    }
    return openStream(topic, arn, listener, seen, (id) => (seen = id));
  });
}

function openStream<K extends TopicName>(
  topic: K,
  arn: string | undefined,
  listener: Listener<K>,
  seen: string | undefined,
  onSeen: (id: string) => void,
): () => void {
  const search = new URLSearchParams({
    topic,
    ...(arn !== undefined && { arn }),
    ...(seen !== undefined && { seen }),
  });
  connection.value = 'connecting';
  const url = `/console/api/stream?${search.toString()}`;
  const source = new EventSource(url);
  const on = <M extends 'snapshot' | 'change'>(kind: M, use: (data: Topics[K][M]) => void): void =>
    source.addEventListener(kind, (event: MessageEvent<string>) => {
      const data = JSON.parse(event.data) as Topics[K][M] & MessageStamp;
      ahead.value = data.now - Date.now();
      now.value = data.now;
      onSeen(event.lastEventId);
      use(data);
    });
  on('snapshot', (data) => listener.snapshot(data));
  on('change', (data) => listener.change?.(data));
  source.addEventListener('open', () => (connection.value = 'live'));
  source.addEventListener('error', () => {
    connection.value = 'lost';
    // The browser reconnects if the connection breaks. It doesn't if the service has rejected the request; the stream
    // is then closed.
    if (source.readyState === EventSource.CLOSED)
      void refusalOf(url).then((error) => listener.refused?.(error));
  });
  return () => {
    source.close();
    connection.value = 'idle';
  };
}
