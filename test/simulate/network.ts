import { currentTask } from 'stepwright';
import type { Chronicle, Lease } from './chronicle.js';
import type { Effect, OperationName, Plan } from './plan.js';
import { Dice } from './random.js';
import { type Answer, keyOf, type Request, type Service } from './service.js';
import type { SimulatedProcess, Timeline } from './timeline.js';
import type { Troubles } from './troubles.js';

/** What a client sees of one call. At most one of `answered`, `torn` and `failed` is called, and once. */
export interface Wire {
  sent(): void;
  answered(answer: Answer): void;
  /** The connection broke after this part of the answer. */
  torn(answer: Answer, error: Error): void;
  failed(error: Error): void;
}

/** One connection of a process. */
export interface Link {
  open: boolean;
}

/** Watches all calls on their way. */
export interface Watcher {
  /** A call leaves a worker. */
  left(call: OpenCall): void;
  /** It ended there; `answer` is what arrived whole. */
  ended(call: OpenCall, answer: Answer | undefined): void;
  /** A worker ends a call by itself. */
  givenUp(call: OpenCall): void;
}

/** One call on its way. */
export interface OpenCall {
  readonly request: Request;
  readonly lease: Lease | undefined;
  /** The task in whose asynchronous context it was sent. */
  readonly sentBy: string | undefined;
  readonly sentAt: number;
  readonly effect: Effect | undefined;
}

/** As `OpenCall`, with what the network needs. */
interface Transfer extends OpenCall {
  readonly link: Link;
  readonly wire: Wire;
  over: boolean;
  arrived: boolean;
  onClosed: (() => void) | undefined;
}

const CONNECT_LIMIT_MS = 5_000;

/** The way between workers and the service, where everything may happen to a call that happens to one on a real wire. */
export class Network {
  readonly open = new Set<Transfer>();
  watcher: Watcher | undefined;
  readonly #dice: Dice;
  readonly #wayMs: Plan['wayMs'];

  constructor(
    plan: Plan,
    private readonly timeline: Timeline,
    private readonly service: Service,
    private readonly chronicle: Chronicle,
    private readonly troubles: Troubles,
  ) {
    this.#dice = new Dice(plan.seed, 'network');
    this.#wayMs = plan.wayMs;
    troubles.onOutage = ({ worker, how }) => {
      if (how !== 'black-hole')
        for (const each of this.open)
          if (worker === undefined || worker === each.request.worker) this.#reset(each);
    };
  }

  /** Sends a call. @returns a function that ends it at the client */
  send(request: Request, link: Link, wire: Wire): (reason: Error) => void {
    const { operation, body, worker, from } = request;
    const lease = this.chronicle.lease(body['taskToken'] ?? '');
    const handler = keyOf(body['activityArn']) ?? lease?.handler;
    const transfer: Transfer = {
      request,
      lease,
      link,
      wire,
      over: false,
      arrived: false,
      onClosed: undefined,
      sentBy: currentTask()?.token,
      sentAt: from.now(),
      effect: this.troubles.effectOf({ worker, operation, handler }),
    };
    this.open.add(transfer);
    const about = lease ? `#${lease.n}` : (handler ?? '');
    this.chronicle.add(
      from.name,
      `sends ${operation} ${about}${transfer.effect ? ` (${transfer.effect.kind})` : ''}`,
      JSON.stringify([request.headers, body]),
    );
    this.watcher?.left(transfer);
    if (link.open) this.#leave(transfer);
    else this.#connect(transfer);
    return (reason) => {
      if (transfer.over) return;
      this.watcher?.givenUp(transfer);
      this.#end(transfer, `aborted`);
      this.#close(transfer);
      from.input(0, () => wire.failed(reason));
    };
  }

  /** Drops all connections of a process that has ended. */
  drop(process: SimulatedProcess): void {
    for (const each of this.open)
      if (each.request.from === process || each.request.from.owner === process) {
        this.#end(each, 'dropped');
        this.#close(each);
      }
  }

  #connect(transfer: Transfer): void {
    const { worker } = transfer.request;
    const outage = this.troubles.outage(worker);
    const way = this.#wayOf(worker);
    if (outage === 'black-hole')
      this.#input(transfer, CONNECT_LIMIT_MS, () =>
        this.#fail(transfer, broken('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error')),
      );
    else if (outage)
      this.#input(transfer, 2 * way, () =>
        this.#fail(transfer, broken('ECONNREFUSED', 'connect ECONNREFUSED')),
      );
    else
      this.#input(transfer, 2 * way, () => {
        transfer.link.open = true;
        this.#leave(transfer);
      });
  }

  #leave(transfer: Transfer): void {
    const { request, effect } = transfer;
    if (effect?.kind !== 'unwritten') transfer.wire.sent();
    if (transfer.over) return;
    const startMs = request.from.now() - this.timeline.now;
    this.timeline.at(
      this.timeline.now + startMs + this.#wayOf(request.worker),
      () => void this.#arrive(transfer),
      {
        tie: this.#dice.next(),
      },
    );
  }

  async #arrive(transfer: Transfer): Promise<void> {
    const { request, effect } = transfer;
    const outage = this.troubles.outage(request.worker);
    if (effect?.kind === 'unwritten')
      return this.#return(transfer, () => this.#fail(transfer, broken('EPIPE', 'write EPIPE')));
    if (outage === 'black-hole' || effect?.kind === 'black-hole') return this.#swallow(transfer);
    if (outage || effect?.kind === 'reset-before') return this.#reset(transfer);
    if (effect?.kind === 'error')
      return this.#return(transfer, () => this.#answer(transfer, this.service.refusal(effect.type)));
    if (effect?.kind === 'page' && !effect.done)
      return this.#return(transfer, () => this.#answer(transfer, page(effect)));
    transfer.arrived = true;
    const onClosed = (callback: () => void): void => void (transfer.onClosed = callback);
    let answer = await this.service.perform(request, onClosed);
    if (effect?.kind === 'twice') {
      this.#spoil(answer, 'a proxy sent its poll twice');
      answer = await this.service.perform(request, onClosed);
    }
    this.timeline.at(this.timeline.now, () => this.#answered(transfer, answer));
  }

  #answered(transfer: Transfer, answer: Answer): void {
    const { request, effect, over } = transfer;
    if (over) return this.#spoil(answer, 'its poll was closed');
    if (this.troubles.outage(request.worker) === 'black-hole') return this.#spoil(answer, 'a black hole');
    if (effect?.kind === 'answer-lost') {
      this.#spoil(answer, effect.kind);
      return this.#reset(transfer);
    }
    if (effect?.kind === 'page') {
      this.#spoil(answer, effect.kind);
      return this.#return(transfer, () => this.#answer(transfer, page(effect)));
    }
    if (effect?.kind === 'torn' || effect?.kind === 'half-body') this.#spoil(answer, effect.kind);
    const half = { ...answer, text: answer.text.slice(0, answer.text.length >> 1) };
    const lateMs = effect?.kind === 'late' ? effect.ms : 0;
    this.#return(
      transfer,
      () => {
        if (effect?.kind === 'torn') this.#tear(transfer, half);
        else this.#answer(transfer, effect?.kind === 'half-body' ? half : answer);
      },
      lateMs,
      answer,
    );
  }

  #swallow(transfer: Transfer): void {
    const { effect } = transfer;
    const afterMs = effect?.kind === 'black-hole' ? effect.resetAfterMs : undefined;
    if (afterMs !== undefined) this.timeline.at(this.timeline.now + afterMs, () => this.#reset(transfer));
  }

  /** Brings something back to the client, unless its call ends before. */
  #return(transfer: Transfer, fn: () => void, lateMs = 0, answer?: Answer): void {
    const { request } = transfer;
    const ms = this.#wayOf(request.worker) + lateMs;
    this.timeline.at(
      this.timeline.now + ms,
      () => {
        if (!transfer.over) fn();
        else if (answer) this.#spoil(answer, 'its poll was given up');
      },
      { of: request.from, tie: this.#dice.next(), input: true },
    );
  }

  #input({ request: { from } }: Transfer, ms: number, fn: () => void): void {
    from.input(ms, fn, this.#dice.next());
  }

  /** Resets the connection at both ends. */
  #reset(transfer: Transfer): void {
    this.#close(transfer);
    this.#return(transfer, () => this.#fail(transfer, broken('ECONNRESET', 'read ECONNRESET')));
  }

  #answer(transfer: Transfer, answer: Answer): void {
    const token = tokenIn(answer);
    const lease = token === undefined ? undefined : this.chronicle.lease(token);
    if (lease && lease.lost === undefined) lease.receivedAt = transfer.request.from.now();
    if (lease) lease.sentBeatAt = transfer.request.from.now();
    this.#end(transfer, `answered ${answer.status} ${lease ? `#${lease.n}` : nameIn(answer)}`, answer);
    transfer.wire.answered(answer);
  }

  #tear(transfer: Transfer, half: Answer): void {
    this.#end(transfer, 'torn');
    transfer.link.open = false;
    transfer.wire.torn(half, broken('UND_ERR_SOCKET', 'other side closed'));
  }

  #fail(transfer: Transfer, error: Error): void {
    if (transfer.over) return;
    this.#end(transfer, error.message);
    transfer.link.open = false;
    transfer.wire.failed(error);
  }

  #end(transfer: Transfer, how: string, answer?: Answer): void {
    transfer.over = true;
    this.open.delete(transfer);
    const { request, lease, effect } = transfer;
    if (effect) this.chronicle.trouble(request.worker, request.operation);
    const about = lease ? ` #${lease.n}` : '';
    this.chronicle.add(request.from.name, `${request.operation}${about} ${how}`, answer?.text);
    this.watcher?.ended(transfer, answer);
  }

  /** Lets the service know that the connection has closed, where that gets through. */
  #close(transfer: Transfer): void {
    transfer.link.open = false;
    const { worker } = transfer.request;
    if (this.troubles.outage(worker) === 'black-hole') return;
    this.timeline.at(this.timeline.now + this.#wayOf(worker), () => transfer.onClosed?.());
  }

  /** Notes that the token in an answer will not arrive. */
  #spoil(answer: Answer, why: string): void {
    const lease = this.chronicle.lease(tokenIn(answer) ?? '');
    if (lease) lease.lost ??= why;
  }

  #wayOf(worker: number): number {
    const [least, more] = this.#wayMs;
    return Math.round(least + this.#dice.next() ** 3 * more) + this.troubles.slowMs(worker);
  }
}

const page = ({ status, text }: Extract<Effect, { kind: 'page' }>): Answer => ({
  status,
  text,
  headers: { 'content-type': text.startsWith('{') ? 'application/json' : 'text/html' },
});

const broken = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** Returns the token that an answer hands out, and no client could make up. */
export function tokenIn({ status, text }: Answer): string | undefined {
  return status === 200 ? /"taskToken":"([^"]+)"/.exec(text)?.[1] : undefined;
}

/** Returns the error that an answer of the service names; an empty text for none. */
export const nameIn = ({ text }: Answer): string => /"__type":"[^"#]*#(\w+)"/.exec(text)?.[1] ?? '';

export const isReport = (operation: OperationName): boolean =>
  operation === 'SendTaskSuccess' || operation === 'SendTaskFailure';
