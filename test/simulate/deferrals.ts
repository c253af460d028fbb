import type { WorkerEvents } from 'stepwright';
import { silentLog } from '../../src/framework/base/log/log.js';
import type { Store } from '../../src/framework/base/store.js';
import type { ActivityPort, ReportAnswer } from '../../src/framework/aws/activity-port.js';
import type { ReportRequest } from '../../src/framework/aws/call.js';
import type { HandlerDefinition } from '../../src/framework/declare/definition.js';
import { EnginePort } from '../../src/framework/testing/machine/engine.js';
import { LimitedStore } from '../../src/framework/worker/keep/limited-store.js';
import { decodeRecord, KEY_PREFIX } from '../../src/framework/worker/keep/record.js';
import { CallLimiter } from '../../src/framework/aws/call-limiter.js';
import { type Completion, Completions } from '../../src/framework/worker/task/completions.js';
import { ReportsInFlight } from '../../src/framework/worker/task/report.js';
import type { Lease, Outcome } from './chronicle.js';
import type { Work } from './handlers.js';
import type { Watched } from './invariants.js';
import type { Member } from './member.js';
import { isReport, type OpenCall } from './network.js';
import { Dice } from './random.js';
import { arnOf, outcomeOf } from './service.js';
import { SimulatedProcess } from './timeline.js';

/** Whoever was not answered, or found that another had decided, tries again after this time. */
const AGAIN_MS = 25_000;
/** The heartbeats of a task that was deferred end within this time, but for those that were on their way. */
const BEATS_END_MS = 30_000;

export const idOf = ({ n }: Work): string => `order-${n}`;

/** Completes deferred tasks as somebody else would, and holds them against what they promise. */
export class DeferredTasks {
  readonly #dice: Dice;
  /** The tasks that were deferred, and when. */
  readonly #deferred = new Map<Lease, number>();
  /** What was decided about each task by its id. */
  readonly #decided = new Map<
    Lease,
    { readonly by: string; readonly outcome: Outcome; readonly at: number }
  >();
  readonly #port: EnginePort;
  /** Returns the store as a person meets it. */
  storeOf: (person: SimulatedProcess) => Store;
  #people = 0;

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    this.#dice = new Dice(watched.plan.seed, 'people');
    this.#port = new EnginePort(watched.service.engine);
    this.storeOf = (person) => watched.store.open(person, -1);
    watched.store.watchers.push(({ how, key }) => {
      // Whoever finds another task under its id asks the service about it.
      if (how === 'get' && key.startsWith(KEY_PREFIX.deferred)) this.#mayBeAsked(key);
    });
  }

  follow({ it }: Member): void {
    it.on('task:deferred', (payload) => this.#wasDeferred(payload));
  }

  /** Checks a call about a deferred task. @returns false for a task that was not deferred */
  left(lease: Lease, { request: { operation, from } }: OpenCall): boolean {
    const at = this.#deferred.get(lease);
    if (at === undefined) return false;
    const forMs = this.watched.timeline.now - at;
    if (isReport(operation))
      this.broken('deferred', `a ${operation} of #${lease.n} by ${from.name}, which was deferred`);
    else if (forMs > BEATS_END_MS && !lease.asked && from.owner.stalledMs === 0)
      this.broken('deferred', `a heartbeat of #${lease.n}, which was deferred ${forMs} ms ago`);
    return true;
  }

  #mayBeAsked(key: string): void {
    const value = this.watched.store.peek(key);
    if (!value) return;
    const { token } = decodeRecord('deferred', key, { value, version: '' });
    const lease = this.watched.chronicle.lease(String(token));
    if (lease) lease.asked = true;
  }

  #wasDeferred({ token, id }: WorkerEvents['task:deferred']): void {
    const lease = this.watched.chronicle.lease(token);
    if (!lease) return this.broken('holder', 'a task was deferred that was never handed out');
    const { timeline } = this.watched;
    this.#deferred.set(lease, timeline.now);
    const isNamed = id !== undefined;
    const many = this.#dice.chance(0.3) ? 2 : 1;
    for (let person = 0; person < many; person++)
      timeline.at(timeline.now + this.#dice.pick([100, 100, 20_000, 90_000]), () =>
        this.#complete(lease, isNamed),
      );
  }

  /** Somebody completes a task, in a process of its own, which may die after it has decided. */
  #complete(lease: Lease, isNamed: boolean): void {
    const { timeline, chronicle, service } = this.watched;
    const person = new SimulatedProcess(`person${this.#people++}`, timeline, -2);
    const work = JSON.parse(lease.input) as Work;
    const output = { n: work.n, by: person.name };
    const again = (): void => {
      if (service.isOpen(lease)) timeline.at(timeline.now + AGAIN_MS, () => this.#complete(lease, isNamed));
    };
    const completions = this.#completionsOf(person, isNamed, again);
    const task = isNamed ? idOf(work) : { token: lease.token, handler: `Handlers.${lease.handler}` };
    person.input(0, () => {
      void completions.succeed(task, output, { by: person.name }).then(
        (completion) => {
          chronicle.add(person.name, `completes #${lease.n}: ${completion.status}`);
          this.#told(lease, completion, person.name);
          again();
        },
        (error: unknown) => {
          chronicle.add(person.name, `can't complete #${lease.n}: ${String(error)}`);
          again();
        },
      );
    });
  }

  /** Checks what somebody was told of a completion. */
  #told(lease: Lease, completion: Completion, by: string): void {
    const { service, store } = this.watched;
    const isOpen = service.isOpen(lease);
    if (completion.status === 'unknown' && isOpen && !store.wasTroubled)
      this.broken('deferred known', `#${lease.n} was deferred, and its id is unknown`);
    if ((completion.status === 'accepted' || completion.status === 'gone') && isOpen)
      this.broken('deferred told', `the completion of #${lease.n} is ${completion.status}, and it is open`);
    if (completion.status === 'accepted' && lease.accepted && !lease.accepted.text.includes(`"${by}"`))
      this.broken('deferred told', `${by} is told that #${lease.n} took its outcome: ${lease.accepted.text}`);
    if (completion.status !== 'completed') return;
    const { decided } = completion;
    const known = this.#decided.get(lease);
    if (known && !store.wasTroubled && known.by !== decided.by)
      this.broken(
        'decided once',
        `${String(decided.by)} is said to have completed #${lease.n}, not ${known.by}`,
      );
    if (isOpen)
      this.broken('deferred told', `#${lease.n} is said to be completed, and the service waits for it`);
  }

  #completionsOf(person: SimulatedProcess, isNamed: boolean, died: () => void): Completions {
    const dies = isNamed && this.#dice.chance(0.25);
    const port: ActivityPort = {
      poll: async () => ({ kind: 'empty' }),
      heartbeat: async () => ({ kind: 'ok' }),
      report: (request) => {
        if (isNamed) this.#isDecided(request, person.name);
        if (!dies) return this.#report(request);
        this.watched.chronicle.add(person.name, 'dies');
        person.kill();
        died();
        return new Promise<never>(() => {});
      },
    };
    const { clock } = person;
    return new Completions({
      store: isNamed ? new LimitedStore(this.storeOf(person), 'deferred', { clock, ...UNTOLD }) : undefined,
      clock,
      log: silentLog,
      definitions: DEFINITIONS,
      checkpointsOf: () => undefined,
      scopeOf: () => 'http://sfn.simulated',
      reportsOf: async () => ({
        port,
        clock,
        random: () => 0.5,
        reportLimitMs: 20_000,
        limiter: new CallLimiter(clock, () => 0.5),
        inFlight: new ReportsInFlight(),
      }),
      close: () => {},
    });
  }

  /** Whoever tells the outcome of a task with an id tells the one that was decided, which stands in the store. */
  #isDecided(request: ReportRequest, teller: string): void {
    const { chronicle, timeline } = this.watched;
    const lease = chronicle.lease(request.input['taskToken'] ?? '');
    if (!lease) return this.broken('holder', `${teller} completes a task that was never handed out`);
    const outcome = outcomeOf(request.operation, request.input);
    const known = this.#decided.get(lease);
    if (known && known.outcome.text !== outcome.text)
      this.broken('decided once', `#${lease.n} is told as ${outcome.text}, and as ${known.outcome.text}`);
    const key = this.watched.store
      .keysOf(KEY_PREFIX.deferred)
      .find((each) => this.#isDecidedAs(each, lease, outcome));
    if (key === undefined)
      this.broken('decided first', `${teller} tells an outcome of #${lease.n} that is not in the store`);
    const { by = '' } = JSON.parse(outcome.text) as { by?: string };
    if (!known) this.#decided.set(lease, { by, outcome, at: timeline.now });
  }

  #isDecidedAs(key: string, { token }: Lease, { text }: Outcome): boolean {
    const value = this.watched.store.peek(key);
    if (!value) return false;
    const { token: its, decided } = decodeRecord('deferred', key, { value, version: '' });
    return its === token && (decided as { output?: string } | undefined)?.output === text;
  }

  async #report(request: ReportRequest): Promise<ReportAnswer> {
    const answer = await this.#port.report(request);
    const lease = this.watched.chronicle.lease(request.input['taskToken'] ?? '');
    if (answer.kind === 'ok' && lease) {
      lease.accepted = outcomeOf(request.operation, request.input);
      lease.acceptedAt = this.watched.timeline.now;
    }
    return answer;
  }
}

const UNTOLD = { stores: { tell: () => {} } };

/** The outputs of these handlers are not checked. */
const DEFINITIONS = (['main', 'tight', 'quota', 'crowd', 'plain'] as const).map(
  (key) =>
    ({
      name: `Handlers.${key}`,
      activity: { kind: 'arn', arn: arnOf(key) },
      output: undefined,
      groups: undefined,
      inline: [],
    }) as unknown as HandlerDefinition,
);
