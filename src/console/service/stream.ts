import { computed, effect, signal } from '@preact/signals';
import type { MessageStamp, TopicName, Topics } from '../../framework/local/console/api.js';
import { instant } from '../model/format.js';
import { CallError } from './calls.js';
import type { FromHub, HubState, Wanted } from './hub/messages.js';
import { openPort, ownHub } from './hub/port.js';

/** The state of the page's connection to the service. */
export type ConnectionState = 'idle' | 'connecting' | 'live' | 'paused' | 'lost';

export const connection = signal<ConnectionState>('idle');
/** True while the page is frozen: the user has pressed the pause button, and the page no longer changes. */
export const paused = signal(false);
/** The number of times that the service was restarted. What was received before must not be shown any more. */
export const restarts = signal(0);
/** The time on the service's clock at a time on the browser's, in the latest message; and how fast it passes. */
let known = { at: 0, now: 0, scale: 1 };
/** The difference between two clocks by which they show different times, and not the delay of a message. */
const OTHER_TIME_MS = 60_000;
const visible = signal(document.visibilityState !== 'hidden');

document.addEventListener('visibilitychange', () => {
  visible.value = document.visibilityState !== 'hidden';
});

/**
 * The current time on the service's clock, in epoch milliseconds. It is updated four times a second, but not while the
 * page is frozen or the service doesn't answer.
 */
export const now = signal(Date.now());
setInterval(() => {
  if (!paused.value && visible.value && connection.value !== 'lost')
    now.value = known.now + (Date.now() - known.at) * known.scale;
}, 250);

/** The time on the service's clock as text, if that isn't the time here: it was put forward, or has another scale. */
export const clock = computed(() => {
  const { scale } = known;
  if (scale === 1 && Math.abs(now.value - Date.now()) < OTHER_TIME_MS) return undefined;
  return `${instant(now.value, Date.now())}${scale === 1 ? '' : ` · ${scale} ×`}`;
});

/** The functions to call with the messages of a topic. */
export interface Listener<K extends TopicName> {
  snapshot(data: Topics[K]['snapshot']): void;
  change?(data: Topics[K]['change']): void;
  /** Called if the service refuses the stream, for example because it has nothing with the ARN. */
  refused?(error: CallError): void;
}

/**
 * Receives the messages of a topic until the returned function is called. Nothing is received while the browser tab is
 * hidden or the page is frozen. Afterwards the messages continue after the last one received.
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
    return want(topic, arn, seen, listener, (id) => (seen = id));
  });
}

/** A listener of any topic. The type of its topic's messages isn't known here. */
interface AnyListener {
  snapshot(data: object): void;
  change?(data: object): void;
  refused?(error: CallError): void;
}

interface Own {
  readonly wanted: Wanted;
  readonly listener: AnyListener;
  readonly onSeen: (seen: string) => void;
}

const own = new Map<number, Own>();
let count = 0;
let instance: number | undefined;

function want(
  topic: string,
  arn: string | undefined,
  seen: string | undefined,
  listener: AnyListener,
  onSeen: Own['onSeen'],
): () => void {
  const id = count++;
  own.set(id, { wanted: { id, topic, ...(arn !== undefined && { arn }), seen }, listener, onSeen });
  connection.value = 'connecting';
  tellSoon();
  return () => {
    own.delete(id);
    if (own.size === 0) connection.value = 'idle';
    tellSoon();
  };
}

/** The interval at which the window says that it is there, and the silence after which it takes the hub for dead. */
const TELL_EVERY_MS = 5_000;
const SILENT_MS = 12_000;

let port: MessagePort | undefined;
let heardAt = 0;
let hasOwnHub = false;

function openHub(): MessagePort {
  heardAt = Date.now();
  const opened = hasOwnHub ? ownHub() : openPort();
  opened.addEventListener('message', ({ data }: MessageEvent<FromHub | HubState>) => {
    if (opened !== port) return;
    heardAt = Date.now();
    if ('state' in data) receiveState(data);
    else receive(data);
  });
  opened.start();
  return opened;
}

function receiveState(state: HubState): void {
  if (own.size > 0) connection.value = state.state;
  if (state.state !== 'live') return;
  const isAnother = instance !== undefined && instance !== state.instance;
  instance = state.instance;
  if (isAnother) restarts.value++;
}

function receive(message: FromHub): void {
  const found = own.get(message.id);
  if (!found) return;
  if (message.kind === 'refused')
    return found.listener.refused?.(new CallError(message.error, message.message));
  const data = JSON.parse(message.data) as MessageStamp;
  known = { at: Date.now(), now: data.now, scale: data.scale ?? 1 };
  now.value = data.now;
  found.wanted.seen = message.seen;
  if (message.seen !== undefined) found.onSeen(message.seen);
  found.listener[message.kind]?.(data);
}

function tell(): void {
  port ??= openHub();
  port.postMessage({ wants: [...own.values()].map(({ wanted }) => wanted) });
}

let isTold = true;

/** Says what the window wants once, if several views change that in the same turn. */
function tellSoon(): void {
  if (isTold) queueMicrotask(() => (tell(), (isTold = true)));
  isTold = false;
}

setInterval(() => {
  if (own.size === 0) return;
  if (port && Date.now() - heardAt > SILENT_MS) {
    hasOwnHub = true;
    port = undefined;
  }
  tell();
}, TELL_EVERY_MS);

// The hub learns at once that the window was closed. If the browser keeps the page for going back, it comes back.
addEventListener('pagehide', () => port?.postMessage({ wants: [] }));
addEventListener('pageshow', ({ persisted }) => persisted && tell());
