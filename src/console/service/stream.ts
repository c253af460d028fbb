import { effect, signal } from '@preact/signals';

/** How the page hears of the service. */
export type Link = 'idle' | 'connecting' | 'live' | 'paused' | 'lost';

export const link = signal<Link>('idle');
/** Whether the picture is frozen. */
export const paused = signal(false);
/** How far the service's clock is ahead of the browser's. */
const ahead = signal(0);
const visible = signal(document.visibilityState !== 'hidden');

document.addEventListener('visibilitychange', () => {
  visible.value = document.visibilityState !== 'hidden';
});

/** Now, by the service's clock, a few times a second; it stands still while the picture is frozen. */
export const now = signal(Date.now());
setInterval(() => {
  if (!paused.value && visible.value) now.value = Date.now() + ahead.value;
}, 250);

interface Stamped {
  readonly now: number;
}

/** What a topic tells. */
export interface Listener<Snapshot, Change = Snapshot> {
  snapshot(data: Snapshot): void;
  change?(data: Change): void;
  /** There is no such thing. */
  missing?(): void;
}

/**
 * Follows a topic until it is told not to. The stream is closed while the tab is hidden or the picture frozen, and goes on
 * where it was.
 */
export function follow<Snapshot, Change>(
  topic: string,
  arn: string | undefined,
  listener: Listener<Snapshot, Change>,
): () => void {
  let seen: string | undefined;
  return effect(() => {
    if (!visible.value) return undefined;
    if (paused.value) {
      link.value = 'paused';
      return undefined;
    }
    const query = new URLSearchParams({
      topic,
      ...(arn !== undefined && { arn }),
      ...(seen !== undefined && { seen }),
    });
    link.value = 'connecting';
    const source = new EventSource(`/console/api/stream?${query.toString()}`);
    const read =
      <T>(use: (data: T) => void) =>
      (event: MessageEvent<string>): void => {
        const data = JSON.parse(event.data) as T & Stamped;
        ahead.value = data.now - Date.now();
        now.value = data.now;
        seen = event.lastEventId;
        use(data);
      };
    source.addEventListener('open', () => (link.value = 'live'));
    source.addEventListener(
      'snapshot',
      read<Snapshot>((data) => listener.snapshot(data)),
    );
    source.addEventListener(
      'change',
      read<Change>((data) => listener.change?.(data)),
    );
    source.addEventListener('error', () => {
      link.value = 'lost';
      // The browser comes back by itself where the connection broke, and not where the answer was a refusal.
      if (source.readyState === EventSource.CLOSED) listener.missing?.();
    });
    return () => {
      source.close();
      link.value = 'idle';
    };
  });
}
