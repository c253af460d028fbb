import {
  currentTask,
  type EventName,
  type TaskContext,
  type WorkerEvents,
  type WorkerStatus,
} from 'stepwright';
import * as beats from './beats.js';
import type { Chronicle, Hurt, Lease, Outcome } from './chronicle.js';
import { KeptOutcomes } from './kept-outcomes.js';
import { DeferredTasks } from './deferrals.js';
import { Uses } from './uses/uses.js';
import { HeldBack } from './held-back.js';
import type { Member } from './member.js';
import { isReport, nameIn, type OpenCall, type Watcher } from './network.js';
import type { HandlerKey, Plan } from './plan.js';
import { type Answer, isFromService, keyOf, outcomeOf, type Service } from './service.js';
import { isInTurns, Shares } from './shares.js';
import { Signals } from './signals.js';
import type { SimulatedStore } from './store.js';
import { EPOCH, type SimulatedProcess, type Timeline } from './timeline.js';

/** A message from one thread to another takes less than this. */
const MESSAGE_MS = 5;

/** A promise that a worker broke. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
  /** Milliseconds since the start. */
  readonly at: number;
}

export interface Watched {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly chronicle: Chronicle;
  readonly service: Service;
  readonly store: SimulatedStore;
}

/** A worker waits for so long for the answer to a poll. */
const POLL_LIMIT_MS = 75_000;
const GONE = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);
const UNSIGNED = /^(ExpiredToken|UnrecognizedClient|InvalidSignature|AccessDenied)/;
const ENDS: readonly EventName[] = [
  'task:succeeded',
  'task:failed',
  'task:gone',
  'task:deferred',
  'report:lost',
];

/** What one process has under way, as the wire and its handlers show it. */
export interface UnderWay {
  readonly polls: Map<HandlerKey, number>;
  readonly running: Map<HandlerKey, number>;
  /** The last instant at which a poll left. */
  readonly polledAt: Map<HandlerKey, number>;
  /** The last instant at which a poll, a report or a heartbeat was answered by the service itself. */
  readonly answeredAt: Map<HandlerKey, number>;
  /** When a poll was last refused for its signature. */
  unsignedAt: number;
  /** The instants at which heartbeats were sent in the last second. */
  beats: number[];
  /** What keeps each handler from taking tasks. */
  readonly heldBack: ReadonlyMap<HandlerKey, HeldBack>;
  /** The slots that were set for a handler, and those that were in use then and still may be. */
  readonly slots: Map<HandlerKey, { readonly size: number; readonly used: number }>;
  readonly shares: Shares;
}

/** Holds every single call and event against what a worker promises. Time-bound promises are in `bounds.ts`. */
export class Invariants implements Watcher {
  violation: Violation | undefined;
  /** The leases whose handlers run. */
  readonly running = new Set<Lease>();
  readonly kept: KeptOutcomes;
  readonly deferred: DeferredTasks;
  readonly uses: Uses;
  readonly signals: Signals;
  readonly #members = new Map<SimulatedProcess, Member>();
  readonly #underWay = new Map<SimulatedProcess, UnderWay>();

  constructor(readonly watched: Watched) {
    this.deferred = new DeferredTasks(watched, (invariant, what) => this.broken(invariant, what));
    this.kept = new KeptOutcomes(watched, (invariant, what) => this.broken(invariant, what));
    this.uses = new Uses(watched, (invariant, what) => this.broken(invariant, what));
    this.signals = new Signals(watched.plan, (invariant, what) => this.broken(invariant, what));
  }

  /** Checks the signals of the handlers that run. To be called each second. */
  checkSignals(): void {
    this.signals.check((process) => this.#members.get(process));
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Notes a broken promise. Only the first counts. */
  readonly broken = (invariant: string, what: string): void => {
    const at = this.watched.timeline.now - EPOCH;
    if (!this.violation) this.watched.chronicle.add('BROKEN', `${invariant}: ${what}`);
    this.violation ??= { invariant, what, at };
  };

  underWay(process: SimulatedProcess): UnderWay {
    let found = this.#underWay.get(process);
    if (!found) {
      found = {
        polls: new Map(),
        running: new Map(),
        polledAt: new Map(),
        answeredAt: new Map(),
        unsignedAt: 0,
        beats: [],
        heldBack: new Map(
          this.watched.plan.handlers.map((each) => [each.key, new HeldBack(each, this.broken)]),
        ),
        slots: new Map(),
        shares: new Shares(this),
      };
      this.#underWay.set(process, found);
    }
    return found;
  }

  /** Returns what a worker says of itself. Its code does not run while the world checks, which asks once for all. */
  status(member: Member): WorkerStatus {
    const { current, steps } = this.watched.timeline;
    if (current) return member.it.status();
    if (this.#statuses.at !== steps) this.#statuses = { at: steps, of: new Map() };
    const status = this.#statuses.of.get(member) ?? member.it.status();
    this.#statuses.of.set(member, status);
    return status;
  }
  #statuses = { at: -1, of: new Map<Member, WorkerStatus>() };

  /** Begins to watch a worker. To be called before it runs. */
  follow(member: Member): void {
    this.#members.set(member.process, member);
    this.kept.follow(member);
    this.deferred.follow(member);
    this.uses.follow(member);
    member.it.on('task:received', (payload) => this.#received(member, payload));
    this.#followPauses(member);
    for (const event of ENDS)
      member.it.on(event, (payload) =>
        this.#ended(member, event, payload as { token: string; reportMs?: number }),
      );
    for (const event of FOLLOWED)
      member.it.on(event, (payload) => {
        const token = Reflect.get(payload, 'token') as string | undefined;
        const lease = token === undefined ? undefined : this.watched.chronicle.lease(token);
        const about = lease ? `#${lease.n}` : ((Reflect.get(payload, 'handler') as string | undefined) ?? '');
        this.watched.chronicle.add(member.process.name, `emits ${event} ${about}`);
        this.#checkContext(event, token);
      });
  }

  /** Returns for how long nothing has hurt a worker, or this of it, in milliseconds. */
  sinceTrouble({ worker, process }: Member, ...what: readonly Hurt[]): number {
    const { chronicle, timeline } = this.watched;
    const since = chronicle.sinceTrouble(worker, ...what);
    return process.stalledMs > 0 ? Math.min(since, timeline.now - process.stalledUntil) : since;
  }

  #followPauses(member: Member): void {
    const { heldBack } = this.underWay(member.process);
    const of = ({ handler }: { readonly handler: string }): HeldBack | undefined =>
      heldBack.get(keyOfName(handler));
    member.it.on('handler:paused', (payload) => {
      const open = this.#handler(member, payload.handler)?.polls.open ?? 0;
      of(payload)?.paused({ by: payload.by, until: payload.until }, open, member.process.now());
    });
    member.it.on('handler:resumed', (payload) => of(payload)?.resumed());
    member.it.on('poll:ended', (payload) => of(payload)?.pollEnded());
  }

  /** Notes that a handler has another rate or other slots from now on. */
  configured(member: Member, key: HandlerKey, { rate, concurrency }: Setting): void {
    const { heldBack, slots } = this.underWay(member.process);
    const open = this.#handler(member, `Handlers.${key}`)?.polls.open ?? 0;
    if (rate !== undefined) heldBack.get(key)?.limit(rate, open);
    const { used = 0 } = this.#handler(member, `Handlers.${key}`) ?? {};
    if (concurrency !== undefined) slots.set(key, { size: concurrency, used });
  }

  /** Checks that a handler is paused, or no longer, after somebody has asked for that. */
  asked(member: Member, key: HandlerKey, pauses: boolean): void {
    const by = this.#handler(member, `Handlers.${key}`)?.paused?.by;
    if (pauses !== (by === 'control'))
      this.broken(
        'pause',
        `${key} is paused by ${by ?? 'nobody'} after it was ${pauses ? 'paused' : 'resumed'}`,
      );
  }

  /** True while something keeps a handler from taking tasks that is meant to. */
  isHeldBack(member: Member, key: HandlerKey): boolean {
    const status = this.#handler(member, `Handlers.${key}`);
    const { heldBack } = this.underWay(member.process);
    return status !== undefined && heldBack.get(key)?.holds(status, this.watched.timeline.now) === true;
  }

  // Calls.

  left(call: OpenCall): void {
    const { request, lease } = call;
    const { operation, body } = request;
    const from = request.from.owner;
    const underWay = this.underWay(from);
    if (operation === 'GetActivityTask') return this.#pollLeft(call, keyOf(body['activityArn']), underWay);
    const { now } = this.watched.timeline;
    if (call.sentBy !== undefined && call.sentBy !== lease?.token)
      this.broken('context', `a ${operation} was sent in the context of another task`);
    if (!lease) return this.broken('holder', `a ${operation} for a token that was never handed out`);
    const at = `#${lease.n}`;
    if (this.deferred.left(lease, call)) return;
    if (lease.asked && operation === 'SendTaskHeartbeat') {
      // It may be another task's question, which none of these is about.
      lease.sentBeatAt = now;
      return lease.to === from ? beats.left(lease, call, now) : undefined;
    }
    if (lease.to !== from && this.watched.plan.outbox) {
      if (operation === 'SendTaskHeartbeat') this.#beatLeft(lease, underWay);
      return this.kept.rescueLeft(lease, call);
    }
    if (lease.to !== from || lease.receivedAt === undefined)
      this.broken('holder', `a ${operation} of ${at} from a process that never got it`);
    // A thread hears by a message what its worker was told, and by none what another thread was told that crashed.
    const waysMs = request.from === from ? 0 : MESSAGE_MS;
    const toldGoneAt = Math.max(lease.toldGoneAt ?? Infinity, request.from.stalledUntil) + waysMs;
    if (lease.goneTo === request.from || now >= toldGoneAt)
      this.broken('gone', `a ${operation} of ${at}, which was told to be gone`);
    if (now >= Math.max(lease.toldAcceptedAt ?? Infinity, request.from.stalledUntil) + waysMs)
      this.broken('accepted', `a ${operation} of ${at}, whose outcome was accepted`);
    if (operation === 'SendTaskHeartbeat') {
      beats.left(lease, call, now);
      this.signals.asks(lease, now);
      return this.#beatLeft(lease, underWay);
    }
    if (!lease.sent) underWay.heldBack.get(lease.handler)?.reported(body['error'], lease.receivedAt ?? now);
    this.#reportLeft(lease, outcomeOf(operation, body));
  }

  givenUp({ request: { operation, from }, sentAt }: OpenCall): void {
    const member = this.#members.get(from.owner);
    const openMs = from.now() - sentAt;
    const isEarly = operation === 'GetActivityTask' && openMs < POLL_LIMIT_MS && member && !member.ended;
    if (!isEarly || member.it.status().state === 'stopped' || this.#isClosing(member)) return;
    this.broken('no hang-up', `a poll was given up after ${openMs} ms, and a task may be lost with it`);
  }

  /** True when the last poll may be cut: its limit and the grace are over, or all is closed. */
  #isClosing({ stopped, it }: Member): boolean {
    return stopped !== undefined && it.status().handlers.every(({ polls }) => polls.open === 0);
  }

  ended(call: OpenCall, answer: Answer | undefined): void {
    const { request, lease } = call;
    const { operation, body } = request;
    const underWay = this.underWay(request.from.owner);
    const key = keyOf(body['activityArn']) ?? lease?.handler;
    // Also one of a deferred task: all heartbeats of a worker share their rate.
    if (operation === 'SendTaskHeartbeat' && answer && isThrottled(answer))
      this.watched.chronicle.trouble(request.worker, 'throttled heartbeats');
    if (lease?.asked && operation === 'SendTaskHeartbeat') {
      if (lease.to === request.from.owner) this.#beatEnded(lease, call, answer);
      if (answer?.status === 400 && isFromService(answer) && GONE.has(nameIn(answer)))
        lease.goneTo = request.from;
      return;
    }
    if (lease && lease.to !== request.from.owner && operation !== 'GetActivityTask') {
      const isGone = answer?.status === 400 && GONE.has(nameIn(answer));
      if (answer && isFromService(answer)) {
        this.kept.rescueEnded(lease, call, answer, isGone);
        if (/InvalidOutput|ValidationException/.test(nameIn(answer))) lease.refused = true;
      }
      return;
    }
    if (operation === 'SendTaskHeartbeat' && lease) this.#beatEnded(lease, call, answer);
    if (operation === 'GetActivityTask' && key) this.#pollEnded(call, key, answer);
    if (!answer || !isFromService(answer)) return;
    if (UNSIGNED.test(nameIn(answer))) underWay.unsignedAt = this.watched.timeline.now;
    if (key) underWay.answeredAt.set(key, this.watched.timeline.now);
    if (!lease) return;
    const name = nameIn(answer);
    if (answer.status === 400 && GONE.has(name)) this.#toldGone(lease, request.from);
    if (answer.status === 400 && /InvalidOutput|ValidationException/.test(name)) lease.refused = true;
    if (answer.status === 200 && isReport(operation)) lease.toldAcceptedAt ??= this.watched.timeline.now;
  }

  #pollEnded({ request, sentAt }: OpenCall, key: HandlerKey, answer: Answer | undefined): void {
    const { owner } = request.from;
    const { polls, shares } = this.underWay(owner);
    const { plan, service, timeline } = this.watched;
    count(polls, key, -1);
    const member = this.#members.get(owner);
    if (answer?.status !== 200 || !member || !isInTurns(plan, timeline.now - EPOCH)) return;
    const waiting = plan.handlers.filter(
      (each) =>
        each.key !== key &&
        !polls.get(each.key) &&
        !this.isHeldBack(member, each.key) &&
        service.queued(each.key) > 0 &&
        this.atWork(owner, each.key) < each.concurrency,
    );
    shares.granted(
      key,
      sentAt,
      waiting.map((each) => each.key),
      timeline.now,
    );
  }

  #beatEnded(lease: Lease, call: OpenCall, answer: Answer | undefined): void {
    const isOk = answer !== undefined && isFromService(answer) && answer.status === 200;
    beats.ended(lease, call, isOk, call.request.from.now());
    this.signals.heard(lease);
  }

  /** What a thread is told reaches the worker once its main thread turns. */
  #toldGone(lease: Lease, from: SimulatedProcess): void {
    lease.goneTo = from;
    const told = (): void => void (lease.toldGoneAt ??= this.watched.timeline.now);
    if (from === from.owner) told();
    else from.post(from.owner, () => from.owner.input(1, told));
  }

  #pollLeft({ request: { from }, sentBy }: OpenCall, key: HandlerKey | undefined, underWay: UnderWay): void {
    if (!key) return this.broken('polls', 'a poll of an unknown activity');
    count(underWay.polls, key, 1);
    underWay.polledAt.set(key, this.watched.timeline.now);
    underWay.shares.polls(key);
    if (sentBy !== undefined) this.broken('context', 'a poll was sent in the context of a task');
    const member = this.#members.get(from);
    if (member?.stopped) this.broken('stop', `a poll of ${key} left after the stop`);
    this.#checkSlots(key, underWay);
    const status = member && this.#handler(member, `Handlers.${key}`);
    if (status) underWay.heldBack.get(key)?.pollLeft(status);
    if (status) this.#checkCounts(status, underWay.slots);
  }

  #beatLeft(lease: Lease, underWay: UnderWay): void {
    const { now } = this.watched.timeline;
    lease.sentBeatAt = now;
    underWay.beats = underWay.beats.filter((at) => now - at < 1_000);
    underWay.beats.push(now);
    const { heartbeatRate } = this.watched.plan;
    if (underWay.beats.length > heartbeatRate)
      this.broken('rate', `${underWay.beats.length} heartbeats in a second, at most ${heartbeatRate}`);
  }

  #reportLeft(lease: Lease, outcome: Outcome): void {
    this.kept.reportLeft(lease, outcome);
    const before = lease.sent;
    const changed =
      before !== undefined && (before.text !== outcome.text || before.status !== outcome.status);
    if (changed && !(lease.refused && outcome.status === 'failed'))
      this.broken('one outcome', `#${lease.n} was offered ${show(before)} and then ${show(outcome)}`);
    lease.sent = outcome;
    if (this.uses.reportLeft(lease, outcome)) return;
    const work = JSON.parse(lease.input) as { n: number };
    if (outcome.status === 'succeeded' && outcome.text !== JSON.stringify({ n: work.n }))
      this.broken('output', `#${lease.n} of task ${work.n} was offered ${outcome.text}`);
  }

  // Handlers.

  /** @param at the process or the thread in which the handler runs */
  began(process: SimulatedProcess, key: HandlerKey, task: TaskContext, at = process): void {
    const lease = this.watched.chronicle.lease(task.token);
    if (lease?.begun) this.broken('begins once', `the handler of #${lease.n} was called a second time`);
    if (lease) {
      lease.begun = true;
      this.running.add(lease);
      this.uses.began(lease);
      this.signals.began(lease, task, at, this.#members.get(process));
    }
    const underWay = this.underWay(process);
    count(underWay.running, key, 1);
    if (!this.#members.get(process)?.stopped) this.#checkSlots(key, underWay);
  }

  /** @param died true where its thread or its process has ended with it */
  settled(process: SimulatedProcess, key: HandlerKey, token: string, died = false): void {
    const lease = this.watched.chronicle.lease(token);
    if (lease) {
      this.running.delete(lease);
      if (!died) this.uses.ended(lease);
      this.signals.settled(lease);
    }
    count(this.underWay(process).running, key, -1);
  }

  /** Returns how many tasks of a handler have a slot, as the wire, the handlers and the store show it. */
  atWork(process: SimulatedProcess, key: HandlerKey): number {
    return (this.underWay(process).running.get(key) ?? 0) + this.uses.waiting(process, key, this.running);
  }

  #checkSlots(key: HandlerKey, { polls, running, slots }: UnderWay): void {
    const { concurrency = 0 } = this.watched.plan.handlers.find((each) => each.key === key) ?? {};
    // Polls that were open when the slots became fewer may bring tasks.
    if (slots.has(key)) return;
    const used = (polls.get(key) ?? 0) + (running.get(key) ?? 0);
    if (used > concurrency)
      this.broken('slots', `${used} polls and tasks of ${key} with ${concurrency} slots`);
  }

  // Events.

  #received({ process }: Member, { token }: WorkerEvents['task:received']): void {
    const lease = this.watched.chronicle.lease(token);
    if (!lease || lease.to !== process)
      this.broken('holder', 'a task was received that was not handed out to this worker');
    if (!lease) return;
    const { heldBack } = this.underWay(process);
    heldBack.get(lease.handler)?.received(process.now());
    const handler = this.watched.plan.handlers.find(({ key }) => key === lease.handler);
    beats.received(lease, handler?.heartbeatMs ?? false, process.now());
    this.signals.received(lease, process, this.watched.service.isOpen(lease));
  }

  #ended(member: Member, event: EventName, payload: { token: string; reportMs?: number }): void {
    const { token } = payload;
    const lease = this.watched.chronicle.lease(token);
    if (!lease) return this.broken('holder', `${event} of an unknown token`);
    if (lease.ended)
      return this.broken('ends once', `#${lease.n} ended as ${lease.ended}, and then as ${event}`);
    lease.ended = event;
    const told = { 'task:succeeded': 'succeeded', 'task:failed': 'failed' }[event as string];
    if (told !== undefined && lease.accepted?.status !== told)
      this.broken('told truly', `${event} of #${lease.n}, but the service accepted ${show(lease.accepted)}`);
    if (event === 'task:gone' && !lease.goneTo)
      this.broken('told truly', `#${lease.n} was told as gone, which the service never said`);
    if (event === 'report:lost') this.#lost(member, lease, payload.reportMs ?? 0);
  }

  /** A report is given up when its time is up, and for no other reason. */
  #lost(member: Member, { n, refused }: Lease, reportMs: number): void {
    // A worker also stops by itself, when its heartbeat thread has ended twice within a minute.
    const stops = member.stopped !== undefined || member.it.status().state === 'draining';
    const isOver = reportMs >= this.watched.plan.reportLimitMs || stops || refused;
    if (!isOver || this.sinceTrouble(member) > 120_000)
      this.broken('nothing lost', `the report of #${n} was given up after ${reportMs} ms`);
  }

  #checkContext(event: EventName, token: string | undefined): void {
    const found = currentTask()?.token;
    if (found !== undefined && found !== token)
      this.broken('context', `${event} was emitted in the context of a task that it is not about`);
  }

  #handler(member: Member, name: string): HandlerStatus | undefined {
    return this.status(member).handlers.find((each) => each.name === name);
  }

  /** Checks what a worker says of its handlers. */
  check(member: Member): void {
    if (member.ended) return;
    const { slots } = this.underWay(member.process);
    for (const status of this.status(member).handlers) this.#checkCounts(status, slots);
  }

  #checkCounts(
    { name, concurrency, used, running, undelivered, polls }: HandlerStatus,
    slots: UnderWay['slots'],
  ): void {
    const counts = `${running} running, ${polls.open} polls, ${undelivered} undelivered with ${concurrency} slots`;
    if (running < 0 || undelivered < 0 || polls.open < 0) this.broken('slots', `${name}: ${counts}`);
    const key = keyOfName(name);
    const set = slots.get(key) ?? { size: concurrency, used: 0 };
    const isFull = !slots.has(key) && used + undelivered > 2 * concurrency;
    if (used > Math.max(set.size, set.used) || isFull || set.size !== concurrency)
      this.broken('slots', `${name}: ${counts}`);
    if (slots.has(key)) slots.set(key, { ...set, used: Math.min(set.used, used) });
  }
}

/** What may be set while a worker runs. */
export interface Setting {
  /** The most tasks in 10 s; 0 for no limit. */
  readonly rate?: number;
  readonly concurrency?: number;
}

type HandlerStatus = WorkerStatus['handlers'][number];

const keyOfName = (name: string): HandlerKey => name.split('.')[1] as HandlerKey;

const FOLLOWED: readonly EventName[] = [
  'state',
  'task:received',
  'task:settled',
  'task:succeeded',
  'task:failed',
  'task:gone',
  'task:ignored-abort',
  'report:retried',
  'report:lost',
  'poll:ended',
  'poll:failed',
  'poll:recovered',
  'poll:token-possibly-lost',
  'slots:stuck',
  'slots:freed',
  'handler:paused',
  'handler:resumed',
  'loop:blocked',
  'heartbeat:late',
  'heartbeat:failed',
  'heartbeat:recovered',
  'outbox:kept',
  'outbox:unkept',
  'outbox:offered',
  'store:failed',
  'store:recovered',
];

const show = (outcome: Outcome | undefined): string =>
  outcome ? `${outcome.status} ${outcome.text.slice(0, 120)}` : 'nothing';

const isThrottled = (answer: Answer): boolean =>
  answer.status === 429 || nameIn(answer).includes('Throttling');

function count(counts: Map<HandlerKey, number>, key: HandlerKey, step: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + step);
}
