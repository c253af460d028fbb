import { kindOf } from '../../asl/kinds.js';
import type { HistoryEvent } from './history-event.js';
import {
  type Failure,
  holdsStates,
  isIterated,
  type Iteration,
  type Visit,
  type VisitStatus,
} from './visit.js';

export interface RunEnd {
  /** The event that says so, such as `ExecutionFailed`. */
  readonly eventId: number;
  /** The visit of the state that made it fail. Undefined if the execution succeeded, timed out or was stopped. */
  readonly visit: Visit | undefined;
}

/**
 * The visit and the iteration to which an event belongs. An event with this event as its `previousEventId` usually
 * belongs to the same ones.
 */
interface EventContext {
  readonly visit: Visit | undefined;
  readonly iteration: Iteration | undefined;
  /** The visit to which the event belongs; undefined if it is an event of the execution itself. */
  readonly owner: Visit | undefined;
}

/** Matches the types of the events of a state that holds states: where its branches or iterations begin and end. */
const OF_HOLDER = /^(\w+)State(Started|Succeeded|Failed)$/;

const OUTERMOST: EventContext = { visit: undefined, iteration: undefined, owner: undefined };

/**
 * The visits of an execution's states, built from its history events as they arrive. The visit of an event is found
 * by its `previousEventId`, since branches and iterations run at the same time.
 */
export class Run {
  readonly events: HistoryEvent[] = [];
  readonly visits: Visit[] = [];
  /** Undefined while the execution is running. */
  end: RunEnd | undefined;
  /** The number of times that the execution was redriven. */
  redrives = 0;
  readonly #contexts: EventContext[] = [OUTERMOST];
  readonly #open = new Set<Visit>();

  /** Returns the visit to which an event belongs; undefined if it is an event of the execution itself. */
  visitOf(eventId: number): Visit | undefined {
    return this.#contexts[eventId]?.owner;
  }

  add(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      if (event.id !== this.events.length + 1) continue;
      this.events.push(event);
      this.#contexts[event.id] = this.#read(event);
    }
  }

  #read(event: HistoryEvent): EventContext {
    const from = this.#contexts[event.previous] ?? OUTERMOST;
    const { type } = event;
    if (type.endsWith('StateEntered')) return this.#enter(event, from);
    if (type.endsWith('StateExited')) return this.#exit(event, from);
    if (type.startsWith('MapIteration')) return this.#iteration(event, from);
    if (type === 'EvaluationFailed') return this.#evaluationFailed(event, from);
    if (OF_HOLDER.test(type)) return this.#container(event, from);
    if (type.startsWith('Execution')) return this.#execution(event, from);
    if (!from.visit) return { ...from, owner: undefined };
    // What is ended after a Parallel or Map has succeeded is ended because that has failed then, and isn't retried.
    if (!type.endsWith('StateAborted')) readAttempt(from.visit, event);
    else if (from.visit.done) from.visit.over = true;
    return { ...from, owner: from.visit };
  }

  #enter(event: HistoryEvent, from: EventContext): EventContext {
    const { visit: parent, iteration } = from;
    const name = textOf(event.details?.['name']);
    const type = event.type.slice(0, -'StateEntered'.length);
    const visit: Visit = {
      id: event.id,
      name,
      type,
      parent,
      iteration,
      after: this.events[event.previous - 1]?.type.endsWith('StateExited') ? from.owner : undefined,
      enteredAt: event.at,
      status: 'running',
      attempts: [],
      starts: 0,
      done: false,
      over: false,
      iterations: new Map(),
    };
    this.visits.push(visit);
    this.#open.add(visit);
    return { visit, iteration, owner: visit };
  }

  #exit(event: HistoryEvent, from: EventContext): EventContext {
    const name = textOf(event.details?.['name']);
    const visit = this.#find(from, (each) => each.name === name);
    if (!visit) return from;
    visit.exitedAt = event.at;
    visit.exitedId = event.id;
    if (event.details?.['caught'] === true) blame(visit, failureIn(event));
    this.#settle(visit, hasCaught(visit) ? 'caught' : 'succeeded', event.at);
    if (visit.status === 'caught') for (let it = visit.iteration; it; it = it.map.iteration) it.caught = true;
    return { visit: visit.parent, iteration: visit.iteration, owner: visit };
  }

  #iteration(event: HistoryEvent, from: EventContext): EventContext {
    const { name, index: given } = event.details ?? {};
    const index = Number(given);
    const map = this.#find(from, (each) => isIterated(each) && each.name === name);
    if (!map) return from;
    if (event.type === 'MapIterationStarted') {
      const made: Iteration = { map, index, startedAt: event.at, status: 'running', caught: false };
      map.iterations.set(index, made);
      return { visit: map, iteration: made, owner: map };
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
    if (event.type.endsWith('Failed')) {
      if (from.visit !== map) map.failedIn = from.visit;
      this.#fail(from.visit, map, event.at);
    }
    return { visit: map, iteration: map.iteration, owner: map };
  }

  #evaluationFailed(event: HistoryEvent, from: EventContext): EventContext {
    const visit = this.#find(from, (each) => each.name === event.details?.['state']);
    if (!visit) return from;
    visit.failure = failureIn(event);
    return { visit, iteration: visit.iteration, owner: visit };
  }

  #container(event: HistoryEvent, from: EventContext): EventContext {
    const [, type, what] = OF_HOLDER.exec(event.type) ?? [];
    // One that fails after its branches have succeeded has no event: this is then the failure of the one around it.
    const isOver = (each: Visit): boolean => each.over || (what === 'Failed' && each.done);
    const visit = this.#find(
      from,
      (each) => each.type === type && each.status === 'running' && !isOver(each),
    );
    if (!visit) return from;
    if (what === 'Started') {
      visit.startedId = event.id;
      // The Parallel or Map is retried: the branch from which the event comes has failed, and everything else in it
      // that was open has ended.
      if (from.visit !== visit) this.#fail(from.visit, visit, event.at);
      this.#abortInside(visit, event.at);
      visit.iterations.clear();
      visit.starts++;
      visit.done = false;
      delete visit.failure;
      delete visit.failedIn;
      if (typeof event.details?.['length'] === 'number') visit.length = event.details['length'];
    } else if (what === 'Succeeded') {
      visit.done = true;
    } else {
      visit.over = true;
      if (from.visit !== visit) {
        visit.failedIn ??= from.visit;
        this.#fail(from.visit, visit, event.at);
      }
      visit.failure ??= lastFailure(from.visit);
      this.#abortInside(visit, event.at);
    }
    return { visit, iteration: visit.iteration, owner: visit };
  }

  #execution(event: HistoryEvent, from: EventContext): EventContext {
    if (event.type === 'ExecutionStarted') return OUTERMOST;
    if (event.type === 'ExecutionRedriven') {
      this.end = undefined;
      this.redrives++;
      for (const visit of this.visits) this.#reopen(visit);
      return { ...from, owner: undefined };
    }
    const end = event.type.slice('Execution'.length);
    this.end = { eventId: event.id, visit: end === 'Failed' ? innermost(from.visit) : undefined };
    if (end === 'Failed') this.#fail(from.visit, undefined, event.at, failureIn(event));
    const status = end === 'TimedOut' ? 'timed out' : 'aborted';
    for (const visit of this.#open) this.#settle(visit, status, event.at);
    return { ...from, owner: undefined };
  }

  /**
   * Marks a visit as failed, and also the visits of the Parallels and Maps around it, up to but not including `upTo`.
   */
  #fail(from: Visit | undefined, upTo: Visit | undefined, at: number, failure?: Failure): void {
    for (let visit = from; visit && visit !== upTo; visit = visit.parent) {
      if (failure) blame(visit, failure);
      if (visit.status !== 'running') continue;
      this.#settle(visit, 'failed', at);
      const { iteration } = visit;
      if (iteration && iteration.status === 'running' && iteration.map === visit.parent) {
        iteration.status = 'failed';
        iteration.endedAt = at;
      }
    }
  }

  /**
   * Opens a visit again because the execution was redriven, if the branch was still in that state when the execution
   * ended. The visit of the Parallel or Map around it must have been handled before.
   */
  #reopen(visit: Visit): void {
    const { parent, iteration } = visit;
    const isLatest = !parent || (this.#open.has(parent) && visit.id > (parent.startedId ?? 0));
    if (visit.exitedId !== undefined || !isLatest) return;
    visit.status = 'running';
    visit.isReopened = true;
    visit.over = false;
    delete visit.exitedAt;
    delete visit.failure;
    delete visit.failedIn;
    this.#open.add(visit);
    if (!iteration || iteration.map !== parent) return;
    iteration.status = 'running';
    delete iteration.endedAt;
  }

  #settle(visit: Visit, status: VisitStatus, at: number): void {
    if (visit.status !== 'running') return;
    visit.status = status;
    visit.exitedAt ??= at;
    this.#open.delete(visit);
    const attempt = visit.attempts.at(-1);
    if (attempt && attempt.endedAt === undefined) {
      attempt.outcome = 'aborted';
      attempt.endedAt = at;
    }
    if (holdsStates(visit)) this.#abortInside(visit, at, status === 'timed out' ? status : 'aborted');
  }

  #abortInside(container: Visit, at: number, status: VisitStatus = 'aborted'): void {
    for (const iteration of container.iterations.values())
      if (iteration.status === 'running') {
        iteration.status = status;
        iteration.endedAt = at;
      }
    for (const visit of this.#open) if (isInside(visit, container)) this.#settle(visit, status, at);
  }

  /**
   * Returns the innermost visit around an event for which `fits` returns true. If there is none, returns any other open
   * visit for which it does.
   */
  #find({ visit, iteration }: EventContext, fits: (visit: Visit) => boolean): Visit | undefined {
    for (let each = visit; each; each = each.parent) if (fits(each)) return each;
    const open = [...this.#open].filter(fits);
    return open.findLast((each) => each.iteration === iteration) ?? open.at(-1);
  }
}

/**
 * Returns true if a state that is left has failed, and its Catch named the next state. Failures such as
 * States.ParameterPathFailure have no event of their own: the work of the state has not succeeded then.
 */
const hasCaught = ({ failure, type, done }: Visit): boolean =>
  failure !== undefined || (kindOf(type)?.recovers === true && !done);

/** Returns the visit that failed itself: not the Parallel or Map around it. */
function innermost(visit: Visit | undefined): Visit | undefined {
  return visit?.failedIn ? innermost(visit.failedIn) : visit;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function isInside(visit: Visit, container: Visit): boolean {
  for (let each = visit.parent; each; each = each.parent) if (each === container) return true;
  return false;
}

function lastFailure(visit: Visit | undefined): Failure | undefined {
  for (let each = visit; each; each = each.parent) if (each.failure) return each.failure;
  return undefined;
}

const failureIn = ({ id, details: { error, cause } = {} }: HistoryEvent): Failure => ({
  error: textOf(error) || 'an error without a name',
  ...(typeof cause === 'string' && { cause }),
  eventId: id,
});

/** Says why a visit failed, and the visit inside it whose failure it was, unless that is known. */
function blame(visit: Visit | undefined, failure: Failure): void {
  for (let each = visit; each; each = each.failedIn) each.failure ??= failure;
}

/**
 * Matches the types of the events about a Task's attempts, such as `ActivityScheduled`, `TaskStarted`,
 * `LambdaFunctionTimedOut`.
 */
const ATTEMPT =
  /^(?:Activity|LambdaFunction|Task)(Scheduled|Started|Succeeded|Failed|TimedOut|ScheduleFailed|StartFailed|SubmitFailed)$/;

function readAttempt(visit: Visit, event: HistoryEvent): void {
  const { id, at, type, details = {} } = event;
  const [, what] = ATTEMPT.exec(type) ?? [];
  if (what === undefined) return;
  if (what === 'Scheduled') {
    delete visit.failure;
    visit.done = false;
    visit.attempts.push({ scheduledId: id, scheduledAt: at, ...(visit.isReopened && { isRedriven: true }) });
    visit.isReopened = false;
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
  visit.done = attempt.outcome === 'succeeded';
  if (visit.done) return;
  visit.failure = failureIn(event);
  attempt.error = visit.failure.error;
}
