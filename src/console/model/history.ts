import type { HistoryEvent } from '../../framework/local/console/api.js';

/** One try of a state's work. */
export interface Attempt {
  readonly scheduledId: number;
  readonly scheduledAt: number;
  startedAt?: number;
  endedAt?: number;
  worker?: string;
  outcome?: 'succeeded' | 'failed' | 'timed out';
  error?: string;
  endedId?: number;
}

export type VisitStatus = 'running' | 'succeeded' | 'caught' | 'failed' | 'aborted';

/** One time that a state was entered. */
export interface Visit {
  /** That of its entry. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  /** The Parallel or Map that it lies in. */
  readonly parent: Visit | undefined;
  readonly iteration: Iteration | undefined;
  readonly enteredAt: number;
  exitedAt?: number;
  exitedId?: number;
  status: VisitStatus;
  readonly attempts: Attempt[];
  /** Why the latest attempt failed; undefined where it did not. */
  failure?: { readonly error: string; readonly eventId: number };
  /** Of a Map. */
  length?: number;
  readonly iterations: Map<number, Iteration>;
}

/** One iteration of a Map. */
export interface Iteration {
  readonly map: Visit;
  readonly index: number;
  readonly startedAt: number;
  endedAt?: number;
  status: VisitStatus;
  /** Whether a state in it was caught. */
  caught: boolean;
}

/** Where an event belongs, and where what follows it goes on. */
interface Place {
  readonly visit: Visit | undefined;
  readonly iteration: Iteration | undefined;
  /** The visit that the event is shown with. */
  readonly of: Visit | undefined;
}

const NOWHERE: Place = { visit: undefined, iteration: undefined, of: undefined };

/**
 * What a history says of the states of an execution. Reads events as they come; which visit each belongs to follows from
 * the event that it points back to, since branches and iterations run side by side.
 */
export class Run {
  readonly events: HistoryEvent[] = [];
  readonly visits: Visit[] = [];
  readonly #places: Place[] = [NOWHERE];
  readonly #open = new Set<Visit>();

  /** The visit that an event is of. */
  visitOf(eventId: number): Visit | undefined {
    return this.#places[eventId]?.of;
  }

  add(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      if (event.id !== this.events.length + 1) continue;
      this.events.push(event);
      this.#places[event.id] = this.#read(event);
    }
  }

  #read(event: HistoryEvent): Place {
    const from = this.#places[event.previous] ?? NOWHERE;
    const { type } = event;
    if (type.endsWith('StateEntered')) return this.#enter(event, from);
    if (type.endsWith('StateExited')) return this.#exit(event, from);
    if (type.startsWith('MapIteration')) return this.#iteration(event, from);
    if (type === 'EvaluationFailed') return this.#evaluationFailed(event, from);
    if (/^(Parallel|Map)State(Started|Succeeded|Failed)$/.test(type)) return this.#container(event, from);
    if (type.startsWith('Execution')) return this.#execution(event, from);
    if (!type.endsWith('StateAborted') && from.visit) readAttempt(from.visit, event);
    return { ...from, of: from.visit };
  }

  #enter(event: HistoryEvent, { visit: parent, iteration }: Place): Place {
    const name = textOf(event.details?.['name']);
    const type = event.type.slice(0, -'StateEntered'.length);
    const visit: Visit = {
      id: event.id,
      name,
      type,
      parent,
      iteration,
      enteredAt: event.at,
      status: 'running',
      attempts: [],
      iterations: new Map(),
    };
    this.visits.push(visit);
    this.#open.add(visit);
    return { visit, iteration, of: visit };
  }

  #exit(event: HistoryEvent, from: Place): Place {
    const name = textOf(event.details?.['name']);
    const visit = this.#find(from, (each) => each.name === name);
    if (!visit) return from;
    visit.exitedAt = event.at;
    visit.exitedId = event.id;
    this.#settle(visit, visit.failure ? 'caught' : 'succeeded', event.at);
    if (visit.status === 'caught') for (let it = visit.iteration; it; it = it.map.iteration) it.caught = true;
    return { visit: visit.parent, iteration: visit.iteration, of: visit };
  }

  #iteration(event: HistoryEvent, from: Place): Place {
    const { name, index: given } = event.details ?? {};
    const index = Number(given);
    const map = this.#find(from, (each) => each.type === 'Map' && each.name === name);
    if (!map) return from;
    if (event.type === 'MapIterationStarted') {
      const made: Iteration = { map, index, startedAt: event.at, status: 'running', caught: false };
      map.iterations.set(index, made);
      return { visit: map, iteration: made, of: map };
    }
    const iteration = map.iterations.get(index);
    if (iteration) {
      iteration.endedAt = event.at;
      iteration.status = event.type.endsWith('Succeeded')
        ? 'succeeded'
        : event.type.endsWith('Failed')
          ? 'failed'
          : 'aborted';
    }
    if (event.type.endsWith('Failed')) this.#fail(from.visit, map, event.at);
    return { visit: map, iteration: map.iteration, of: map };
  }

  #evaluationFailed(event: HistoryEvent, from: Place): Place {
    const { state: name, error } = event.details ?? {};
    const visit = this.#find(from, (each) => each.name === name);
    if (!visit) return from;
    visit.failure = { error: textOf(error), eventId: event.id };
    return { visit, iteration: visit.iteration, of: visit };
  }

  #container(event: HistoryEvent, from: Place): Place {
    const [, type, what] = /^(Parallel|Map)State(\w+)$/.exec(event.type) ?? [];
    const visit = this.#find(from, (each) => each.type === type && each.status === 'running');
    if (!visit) return from;
    if (what === 'Started') {
      // Tried again: the branch that it comes from has failed, and what else was left open has ended.
      if (from.visit !== visit) this.#fail(from.visit, visit, event.at);
      this.#abortInside(visit, event.at);
      visit.iterations.clear();
      delete visit.failure;
      if (typeof event.details?.['length'] === 'number') visit.length = event.details['length'];
    } else if (what === 'Failed') {
      if (from.visit !== visit) this.#fail(from.visit, visit, event.at);
      visit.failure ??= { error: lastError(from.visit) ?? '', eventId: event.id };
      this.#abortInside(visit, event.at);
    }
    return { visit, iteration: visit.iteration, of: visit };
  }

  #execution(event: HistoryEvent, from: Place): Place {
    if (event.type === 'ExecutionStarted') return NOWHERE;
    const end = event.type.slice('Execution'.length);
    if (end === 'Failed') this.#fail(from.visit, undefined, event.at, textOf(event.details?.['error']));
    for (const visit of this.#open) this.#settle(visit, 'aborted', event.at);
    return { ...from, of: undefined };
  }

  /** Fails a visit and the ones around it, up to one that goes on. */
  #fail(from: Visit | undefined, upTo: Visit | undefined, at: number, error?: string): void {
    for (let visit = from; visit && visit !== upTo; visit = visit.parent) {
      if (visit.status !== 'running') continue;
      if (error !== undefined) visit.failure ??= { error, eventId: visit.id };
      this.#settle(visit, 'failed', at);
      const { iteration } = visit;
      if (iteration && iteration.status === 'running' && iteration.map === visit.parent) {
        iteration.status = 'failed';
        iteration.endedAt = at;
      }
    }
  }

  #settle(visit: Visit, status: VisitStatus, at: number): void {
    if (visit.status !== 'running') return;
    visit.status = status;
    visit.exitedAt ??= at;
    this.#open.delete(visit);
    if (visit.type === 'Map' || visit.type === 'Parallel') this.#abortInside(visit, at);
  }

  #abortInside(container: Visit, at: number): void {
    for (const iteration of container.iterations.values())
      if (iteration.status === 'running') {
        iteration.status = 'aborted';
        iteration.endedAt = at;
      }
    for (const visit of this.#open) if (isInside(visit, container)) this.#settle(visit, 'aborted', at);
  }

  /** The nearest visit around a place that fits; where none does, an open one elsewhere. */
  #find({ visit, iteration }: Place, fits: (visit: Visit) => boolean): Visit | undefined {
    for (let each = visit; each; each = each.parent) if (fits(each)) return each;
    const open = [...this.#open].filter(fits);
    return open.findLast((each) => each.iteration === iteration) ?? open.at(-1);
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function isInside(visit: Visit, container: Visit): boolean {
  for (let each = visit.parent; each; each = each.parent) if (each === container) return true;
  return false;
}

function lastError(visit: Visit | undefined): string | undefined {
  for (let each = visit; each; each = each.parent) if (each.failure) return each.failure.error;
  return undefined;
}

/** Events of a Task: `ActivityScheduled`, `TaskStarted`, `LambdaFunctionTimedOut`. */
const ATTEMPT =
  /^(?:Activity|LambdaFunction|Task)(Scheduled|Started|Succeeded|Failed|TimedOut|ScheduleFailed|StartFailed|SubmitFailed)$/;

function readAttempt(visit: Visit, { id, at, type, details = {} }: HistoryEvent): void {
  const [, what] = ATTEMPT.exec(type) ?? [];
  if (what === undefined) return;
  if (what === 'Scheduled') {
    delete visit.failure;
    visit.attempts.push({ scheduledId: id, scheduledAt: at });
    return;
  }
  const attempt = visit.attempts.at(-1);
  if (!attempt) return;
  if (what === 'Started') {
    attempt.startedAt = at;
    const { workerName } = details;
    if (typeof workerName === 'string') attempt.worker = workerName;
    return;
  }
  attempt.endedAt = at;
  attempt.endedId = id;
  attempt.outcome = what === 'Succeeded' ? 'succeeded' : what === 'TimedOut' ? 'timed out' : 'failed';
  if (attempt.outcome === 'succeeded') return;
  attempt.error = textOf(details['error']) || 'an error without a name';
  visit.failure = { error: attempt.error, eventId: id };
}
