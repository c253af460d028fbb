import type { FollowedTopic } from '../../../framework/local/console/api.js';
import { CallError, command, refusalOf } from '../calls.js';
import type { FromHub, HubState, ToHub, Wanted } from './messages.js';

/** The milliseconds after which a broken stream is opened again. */
const REOPEN_AFTER_MS = 500;
/** A window that has not sent anything for so long was closed. It sends something every five seconds while it is shown. */
const GONE_AFTER_MS = 20_000;

interface HubWindow {
  readonly number: number;
  readonly port: MessagePort;
  wants: ReadonlyMap<number, Wanted>;
  heardAt: number;
}

/**
 * Receives the topics of all windows of a browser over one stream, since a browser opens at most six connections to a
 * service. Each window says all that it wants whenever that changes.
 */
export class Hub {
  readonly #windows = new Map<number, HubWindow>();
  readonly #key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  #state: HubState = { state: 'connecting' };
  #source: EventSource | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #asksAgain = false;
  #count = 0;

  constructor() {
    setInterval(() => this.#dropGone(), GONE_AFTER_MS / 4);
  }

  add(port: MessagePort): void {
    const number = this.#count++;
    port.addEventListener('message', ({ data }: MessageEvent<ToHub>) => {
      const before = this.#windows.get(number)?.wants;
      const wants = new Map(data.wants.map((each) => [each.id, before?.get(each.id) ?? each]));
      this.#windows.set(number, { number, port, wants, heardAt: Date.now() });
      send(port, this.#state);
      if (!before || !sameKeys(before, wants)) this.#update();
    });
    port.start();
  }

  get #wanted(): FollowedTopic[] {
    return [...this.#windows.values()].flatMap(({ number, wants }) =>
      [...wants.values()].map(({ id, ...topic }) => ({ name: `${number}.${id}`, ...topic })),
    );
  }

  #update(): void {
    if (this.#wanted.length === 0) this.#close();
    else if (!this.#source && this.#reopening === undefined) this.#open();
    else if (this.#source?.readyState === EventSource.OPEN) void this.#follow();
  }

  #dropGone(): void {
    const since = Date.now() - GONE_AFTER_MS;
    const gone = [...this.#windows.values()].filter(({ heardAt }) => heardAt < since);
    for (const { number } of gone) this.#windows.delete(number);
    if (gone.length > 0) this.#update();
  }

  #close(): void {
    clearTimeout(this.#reopening);
    this.#reopening = undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #open(): void {
    this.#reopening = undefined;
    const url = `/console/api/stream?key=${this.#key}`;
    const source = (this.#source = new EventSource(url));
    for (const kind of ['snapshot', 'change', 'refused'] as const)
      source.addEventListener(kind, (event) => this.#pass(kind, event as MessageEvent<string>));
    source.addEventListener('open', () => void this.#follow());
    source.addEventListener('error', () => {
      if (source !== this.#source) return;
      // The browser gives up if the service has refused the stream. It doesn't tell the reason.
      if (source.readyState === EventSource.CLOSED)
        void refusalOf(url).then((error) => this.#refuseAll(error));
      this.#reopen();
    });
  }

  #reopen(): void {
    this.#close();
    this.#tell({ state: 'lost' });
    this.#reopening = setTimeout(() => this.#open(), REOPEN_AFTER_MS);
  }

  /** Tells the service what all windows want. If that changes while the service is being told, tells it again. */
  async #follow(): Promise<void> {
    this.#asksAgain = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#asksAgain) {
      this.#asksAgain = false;
      await this.#ask();
    }
    this.#asking = false;
  }

  async #ask(): Promise<void> {
    try {
      const { instance, refused } = await command('Follow', { stream: this.#key, topics: this.#wanted });
      this.#tell({ state: 'live', instance });
      for (const { name, ...refusal } of refused)
        this.#sendTo(name, (id) => ({ kind: 'refused', id, ...refusal }));
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.error !== 'No answer' && error.error !== 'StreamDoesNotExist') this.#refuseAll(error);
      if (this.#source) this.#reopen();
    }
  }

  /** Passes a message of the stream on to the window that wants it. */
  #pass(kind: 'snapshot' | 'change' | 'refused', { data, lastEventId }: MessageEvent<string>): void {
    const [name = '', seen] = lastEventId.split(':');
    this.#sendTo(name, (id, wants) => {
      if (kind === 'refused')
        return { kind, id, ...(JSON.parse(data) as { error: string; message: string }) };
      const wanted = wants.get(id);
      if (wanted) wanted.seen = seen;
      return { kind, id, seen, data };
    });
  }

  #sendTo(name: string, message: (id: number, wants: HubWindow['wants']) => FromHub): void {
    const [number, id] = name.split('.').map(Number);
    const window = this.#windows.get(number ?? -1);
    if (window && id !== undefined && window.wants.has(id)) send(window.port, message(id, window.wants));
  }

  #refuseAll({ error, message }: CallError): void {
    for (const { port, wants } of this.#windows.values())
      for (const id of wants.keys()) send(port, { kind: 'refused', id, error, message });
  }

  #tell(state: HubState): void {
    this.#state = state;
    for (const { port } of this.#windows.values()) send(port, state);
  }
}

const send = (port: MessagePort, message: FromHub | HubState): void => port.postMessage(message);

const sameKeys = (a: ReadonlyMap<number, unknown>, b: ReadonlyMap<number, unknown>): boolean =>
  a.size === b.size && [...a.keys()].every((key) => b.has(key));
