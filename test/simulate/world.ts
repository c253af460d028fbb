import type { TaskContext } from 'stepwright';
import { Bounds } from './bounds.js';
import { Chronicle } from './chronicle.js';
import { type Fault, type Seams, soundSeams } from './faults/seams.js';
import type { Work } from './handlers.js';
import type { HostStage } from './hosts.js';
import { Invariants } from './invariants.js';
import { hire, type KeyTrouble, type Member } from './member.js';
import { Network } from './network.js';
import type { Behaviour, HandlerKey, Plan, PlannedEvent } from './plan.js';
import { stream } from './random.js';
import { Service } from './service.js';
import { SimulatedStore } from './store.js';
import { EPOCH, SimulatedProcess, Timeline } from './timeline.js';
import { Troubles } from './troubles.js';
import { EXPECTED } from './uses/payloads.js';

/** All that is left when trouble has ended is done within this time, or a run counts as hung. */
const CALM_LIMIT_MS = 40 * 60_000;
/** Something is accepted at least this often, while there is anything to do. */
const PROGRESS_MS = 10 * 60_000;
const SECOND = 1_000;
/** What the service's own timers, and the last calls, may take after the last worker has ended. */
const LAST_MS = 130_000;
/** Whatever a dead worker has left is offered within this time. */
const OFFERED_MS = 2 * 60_000;
/** A story has at most 300,000 happenings. One that has so many loops. */
const MOST_STEPS = 3_000_000;
/** A thread or a process may start for as long as such a deadline. */
const SHORT_MS = 15_000;

/** The work of tasks that the store outlives. */
const OUTLIVING: ReadonlySet<Behaviour> = new Set(['large', 'saves', 'once']);

/** Returns how an execution is to end. */
function expectedOf({ does, payload = 'whole', fails }: Tasks): string {
  if (does === 'large') return EXPECTED[payload];
  if (does === 'saves') return 'SUCCEEDED or StoreError or CheckpointTaken';
  if (does === 'once') return `${fails ? 'Planned' : 'SUCCEEDED'} or StoreError`;
  if (does === 'defers') return 'SUCCEEDED or StoreError';
  return { throws: 'Planned', invalid: 'Stepwright.InvalidOutput' }[does as string] ?? 'SUCCEEDED';
}

type Tasks = Extract<PlannedEvent, { kind: 'tasks' }>;

/** One run of a plan. */
export class World {
  readonly timeline = new Timeline();
  readonly chronicle: Chronicle;
  readonly service: Service;
  readonly store: SimulatedStore;
  readonly invariants: Invariants;
  readonly #troubles: Troubles;
  readonly #network: Network;
  readonly #bounds: Bounds;
  readonly #keyTroubles = new Map<
    number,
    { readonly provider: KeyTrouble['provider']; readonly until: number }
  >();
  /** The members at work, by their place. */
  readonly #members: (Member | undefined)[] = [];
  #processes = 0;
  #hiring = 0;
  #tasks = 0;
  readonly #tie: () => number;
  readonly #seams: Seams;
  readonly #unplant: (() => void) | undefined;

  constructor(
    private readonly plan: Plan,
    keep: number,
    fault?: Fault,
  ) {
    this.#tie = stream(plan.seed, 'ties');
    this.chronicle = new Chronicle(this.timeline, keep);
    this.#troubles = new Troubles(this.timeline, this.chronicle);
    this.service = new Service(plan, this.timeline, this.chronicle, this.#troubles);
    this.#network = new Network(plan, this.timeline, this.service, this.chronicle, this.#troubles);
    this.store = new SimulatedStore(plan.seed, this.timeline, this.chronicle);
    const { timeline, chronicle, service, store } = this;
    this.invariants = new Invariants({ plan, timeline, chronicle, service, store });
    this.#network.watcher = this.invariants;
    this.#bounds = new Bounds(this.invariants);
    this.#seams = soundSeams({ plan, timeline, chronicle, send: this.#network.send.bind(this.#network) });
    this.#unplant = fault?.plant(this.#seams) ?? undefined;
    this.#network.send = (...call) => this.#seams.send(...call);
    this.invariants.deferred.storeOf = (person) => this.#seams.store(this.store.open(person, -1), person);
  }

  /** Ends what a fault has changed outside of this world. */
  close(): void {
    this.#unplant?.();
    this.service.engine.close();
  }

  async run(): Promise<void> {
    const { timeline } = this;
    const { workers, events, troubleMs } = this.plan;
    for (let worker = 0; worker < workers; worker++)
      timeline.at(EPOCH + worker * 7, () => this.#hire(worker));
    for (const event of events) timeline.at(EPOCH + event.at, () => this.#happen(event));
    this.#everySecond();
    await this.#until(EPOCH + troubleMs);
    this.#troubles.end();
    this.store.end();
    await this.#until(EPOCH + troubleMs + CALM_LIMIT_MS, () => this.#isDone());
    if (this.#over()) return;
    this.#checkExecutions();
    if (this.plan.outbox) await this.#until(timeline.now + OFFERED_MS);
    for (const member of this.#members) if (member) this.#stop(member);
    await this.#until(
      timeline.now + 2 * CALM_LIMIT_MS,
      () => this.#members.every((each) => !each) && this.#allEnded(),
    );
    if (!this.#over()) await this.#until(timeline.now + LAST_MS);
    if (!this.#over()) this.#checkEnd();
    if (!this.#over()) await this.invariants.kept.checkEnd();
    if (!this.#over()) await this.invariants.uses.checkEnd();
  }

  /** Notes what Node reports of the whole process. @returns a function that ends that */
  watchProcess(): () => void {
    const onError = (error: unknown): void =>
      this.invariants.broken(
        'no crash',
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
    process.on('unhandledRejection', onError);
    process.on('uncaughtException', onError);
    return () => {
      process.off('unhandledRejection', onError);
      process.off('uncaughtException', onError);
    };
  }

  async #until(end: number, isDone: () => boolean = () => false): Promise<void> {
    await this.timeline.runUntil(end, () => {
      if (this.timeline.steps > MOST_STEPS)
        this.invariants.broken('does not end', `more than ${MOST_STEPS} happenings`);
      return this.#over() || isDone();
    });
  }

  readonly #over = (): boolean => this.invariants.violation !== undefined;

  #isDone(): boolean {
    const { executions } = this.service;
    while (this.#ended < executions.length && executions[this.#ended]?.execution.status !== 'RUNNING')
      this.#ended++;
    return this.#ended === executions.length && this.#hiring === 0;
  }
  #ended = 0;

  #allEnded(): boolean {
    for (const { ended } of this.invariants.members) if (!ended) return false;
    return true;
  }

  #everySecond(): void {
    this.timeline.at(this.timeline.now + SECOND, () => {
      this.#bounds.check();
      this.invariants.kept.check(this.invariants.members);
      this.invariants.checkSignals();
      for (const member of this.#members) member?.probes.ask(member, this.invariants);
      this.#checkProgress();
      this.#everySecond();
    });
  }

  #hire(worker: number): void {
    const name = `w${worker}.${this.#processes++}`;
    const process = new SimulatedProcess(name, this.timeline, this.#tie());
    const { invariants } = this;
    this.#hiring++;
    const stage = {
      process,
      uses: invariants.uses,
      began: (key: HandlerKey, task: TaskContext) => invariants.began(process, key, task),
      settled: (key: HandlerKey, { token }: TaskContext) => invariants.settled(process, key, token),
      strayed: () => invariants.broken('context', 'a handler found another task than its own'),
    };
    const { chronicle, service, store } = this;
    const stageOf = (host: SimulatedProcess): HostStage => this.#stageOf(host);
    const rest = {
      plan: this.plan,
      network: this.#network,
      service,
      store,
      chronicle,
      stage,
      stageOf,
      worker,
      seams: this.#seams,
    };
    process.input(0, () => {
      const hiring = { ...rest, keyTrouble: this.#keyTrouble(worker) };
      void hire(hiring).then((member) => {
        this.#hiring--;
        this.#members[worker] = member;
        invariants.follow(member);
        chronicle.add(name, 'runs');
        this.#run(member);
      });
    });
  }

  #stageOf(host: SimulatedProcess): HostStage {
    const { invariants } = this;
    const running = new Map<string, HandlerKey>();
    return {
      process: host,
      uses: invariants.uses,
      began: (key, task) => {
        running.set(task.token, key);
        invariants.began(host.owner, key, task, host);
      },
      settled: (key, { token }) => {
        running.delete(token);
        invariants.settled(host.owner, key, token);
      },
      died: () => {
        for (const [token, key] of running) invariants.settled(host.owner, key, token, true);
        running.clear();
      },
      strayed: () =>
        invariants.broken('context', `a handler in ${host.name} found another task than its own`),
    };
  }

  /** Returns what is left of the trouble that a worker's provider is in. It outlives a process. */
  #keyTrouble(worker: number): KeyTrouble | undefined {
    const trouble = this.#keyTroubles.get(worker);
    const ms = (trouble?.until ?? 0) - this.timeline.now;
    return trouble && ms > 0 ? { provider: trouble.provider, ms } : undefined;
  }

  #run(member: Member): void {
    member.it.run().then(
      () => this.#whenStopped(member),
      (error: unknown) => {
        // A worker whose thread of heartbeats ends twice within a minute drains, and says why.
        if (String(error).includes('heartbeat thread ended again')) this.#whenStopped(member);
        else this.invariants.broken('run', `run() rejected: ${String(error)}`);
      },
    );
  }

  #whenStopped(member: Member): void {
    member.ended = 'stopped';
    const { process, it, worker } = member;
    this.chronicle.add(process.name, 'has stopped');
    const { handlers, tasksInFlight, counts } = it.status();
    const open = [...this.#network.open].filter(({ request }) => request.from.owner === process).length;
    const used = handlers.reduce((sum, each) => sum + each.used + each.undelivered, 0);
    this.timeline.at(this.timeline.now + 1, () => {
      for (const { name } of process.children) this.invariants.broken('timers', `${name} is left`);
      const { pending } = process.clock;
      if (pending > 0) this.invariants.broken('timers', `${pending} timers are left of worker ${worker}`);
    });
    if (open > 0) this.invariants.broken('calls', `${open} calls are left of worker ${worker}`);
    if (
      used > 0 &&
      !this.plan.events.some(
        ({ kind, ...rest }) => kind === 'tasks' && (Reflect.get(rest, 'does') === 'deaf' || 'waits' in rest),
      )
    )
      this.invariants.broken('slots', `${used} slots are in use after the stop of worker ${worker}`);
    const ended = counts.succeeded + counts.failed + counts.gone + counts.reportsLost + counts.deferred;
    if (counts.received !== ended || tasksInFlight > 0)
      this.invariants.broken(
        'counts',
        `worker ${worker} received ${counts.received} tasks, of which ${ended} ended; ${tasksInFlight} are left`,
      );
    for (const lease of this.chronicle.byNumber)
      if (lease.to === process && lease.receivedAt !== undefined && lease.lost === undefined && !lease.ended)
        this.invariants.broken('ends once', `#${lease.n} never ended at worker ${worker}`);
    if (this.#members[worker] === member) this.#members[worker] = undefined;
  }

  #happen(event: PlannedEvent): void {
    const { timeline } = this;
    this.chronicle.add('plan', JSON.stringify(event));
    const member = 'worker' in event && event.worker !== undefined ? this.#members[event.worker] : undefined;
    if (
      member &&
      !['calls', 'outage', 'slow', 'pause', 'rate', 'slots', 'store', 'kill-at-call', 'cut-at-call'].includes(
        event.kind,
      )
    )
      this.chronicle.trouble(member.worker, 'process');
    if (event.kind === 'credentials')
      for (const hurt of ['process', 'keys'] as const) this.chronicle.trouble(event.worker, hurt, event.ms);
    switch (event.kind) {
      case 'tasks':
        return this.#start(event);
      case 'calls':
      case 'outage':
      case 'slow':
      case 'throttle':
      case 'crowd':
      case 'kms':
        return this.#troubles.begin(event);
      case 'store':
        return this.store.begin(event);
      case 'cut-at-call':
        return this.store.atCall(event, () => {
          const { at, worker, ms } = event;
          this.#troubles.begin({ at, kind: 'outage', worker, ms, how: 'black-hole' });
          this.store.begin({ at, kind: 'store', worker, ms, how: 'unavailable' });
        });
      case 'kill-at-call':
        return this.store.atCall(event, () => {
          this.chronicle.trouble(event.worker, 'process');
          this.#replace({ ...event, kind: 'kill' }, this.#members[event.worker]);
        });
      case 'stall':
        return member?.process.stop(event.ms);
      case 'wall':
        if (member) member.process.wallOffsetMs += event.byMs;
        return;
      case 'thread-crash':
        return member?.threads?.crash();
      case 'host-crash':
        return member?.hosts.crash();
      case 'credentials':
        this.#keyTroubles.set(event.worker, { provider: event.provider, until: timeline.now + event.ms });
        return member?.keys.spoil(event);
      case 'stop':
      case 'kill':
        return this.#replace(event, member);
      case 'pause':
      case 'rate':
      case 'slots':
        return member && this.#control(event, member);
      case 'abort':
        return this.service.abort(event.count);
    }
  }

  #control(event: Extract<PlannedEvent, { kind: 'pause' | 'rate' | 'slots' }>, member: Member): void {
    const { process, it } = member;
    const { handler, kind } = event;
    const name = `Handlers.${handler}`;
    if (kind !== 'pause') {
      const { count } = event;
      const rate = count === 0 ? false : (`${count}/10s` as const);
      process.input(0, () => {
        this.invariants.configured(
          member,
          handler,
          kind === 'rate' ? { rate: count } : { concurrency: count },
        );
        it.configure(name, kind === 'rate' ? { rate } : { concurrency: count });
      });
      return;
    }
    const ask = (pauses: boolean): void => {
      if (pauses) it.pause(name);
      else it.resume(name);
      this.invariants.asked(member, handler, pauses);
    };
    process.input(0, () => ask(true));
    process.input(event.ms, () => ask(false));
  }

  #start(event: Extract<PlannedEvent, { kind: 'tasks' }>): void {
    const { handler, count, ms, does, pieces = count, payload, fails, unnamed, waits } = event;
    const deadline = this.plan.handlers.find(({ key }) => key === handler)?.timeoutMs ?? false;
    const first = this.#tasks;
    for (let index = 0; index < count; index++) {
      const piece = first + (index % pieces);
      const work: Work = {
        n: this.#tasks++,
        ms,
        does,
        piece,
        ...(payload && { payload }),
        ...(fails && { fails }),
        ...(unnamed && { unnamed }),
        ...(waits && { waits }),
      };
      // Whoever waits for the store, or for another task, may come to the deadline, and whoever starts, to a short one.
      const isShort = deadline !== false && deadline < SHORT_MS;
      const late = deadline !== false && (isShort || ms >= deadline - 1_000 || OUTLIVING.has(does));
      const expected = expectedOf(event);
      const start = (input: object): void =>
        this.service.start(handler, input, late ? `${expected} or Stepwright.DeadlineExceeded` : expected);
      if (does !== 'large') start(work);
      else void this.invariants.uses.payloads.plant(work).then((data) => start({ ...work, data }));
    }
  }

  #replace(
    { kind, worker, backMs }: Extract<PlannedEvent, { kind: 'stop' | 'kill' }>,
    member: Member | undefined,
  ): void {
    if (!member || member.stopped) return;
    if (kind === 'stop') this.#stop(member);
    else {
      member.ended = 'killed';
      member.process.kill();
      this.#network.drop(member.process);
    }
    this.#members[worker] = undefined;
    this.#hiring++;
    this.timeline.at(this.timeline.now + backMs, () => {
      this.#hiring--;
      this.#hire(worker);
    });
  }

  #stop(member: Member): void {
    if (member.stopped) return;
    const { process, it } = member;
    process.input(0, () => {
      member.stopped = { at: process.now(), stalledMs: process.stalledMs };
      void it.stop();
    });
  }

  #lastAccepted = 0;
  #lastAcceptedAt = EPOCH;

  #checkProgress(): void {
    const { ended } = this.service.engine.executions.counts;
    const { now } = this.timeline;
    if (ended !== this.#lastAccepted || this.#isDone())
      [this.#lastAccepted, this.#lastAcceptedAt] = [ended, now];
    const since = now - Math.max(this.#lastAcceptedAt, EPOCH + this.plan.troubleMs);
    if (since > PROGRESS_MS)
      this.invariants.broken('progress', `no execution has ended for ${since} ms, and some run`);
  }

  #checkExecutions(): void {
    for (const { execution, expected, stopped } of this.service.executions) {
      if (stopped) continue;
      const { status, error } = execution.end ?? { status: 'RUNNING', error: undefined };
      const ended = status === 'FAILED' ? (error ?? '') : status;
      if (!expected.split(' or ').includes(ended))
        this.invariants.broken(
          'executions',
          `an execution of ${execution.name} ended as ${ended}, not as ${expected}`,
        );
    }
  }

  #checkEnd(): void {
    const { tasks, parkedPolls } = this.service.engine;
    const left = [...tasks].length;
    if (left > 0 || parkedPolls > 0)
      this.invariants.broken('end', `${left} tasks and ${parkedPolls} polls are left at the service`);
    if (this.service.pending > 0)
      this.invariants.broken('end', `${this.service.pending} timers are left at the service`);
  }
}
