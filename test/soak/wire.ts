import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Activity } from '../../src/framework/local/engine/activities.js';
import type { TaskOrder } from '../../src/framework/asl/runtime/resource.js';
import type { Fault, FaultCall, FaultHook } from '../../src/framework/local/index.js';
import { TaskTable } from '../../src/framework/local/engine/tasks/open-tasks.js';

/** One call as the service's side of the wire saw it. Instants are milliseconds on the recorder's clock. */
export interface Call {
  readonly operation: string;
  readonly token: string | undefined;
  /** The text of a report: equal texts are equal outcomes. */
  readonly outcome: string | undefined;
  readonly at: number;
  readonly fault: Fault['kind'] | undefined;
  /** The API error of the fault, where it was one. */
  readonly error: string | undefined;
  /** The time at which a whole 200, without a fault, was given to the network. */
  cleanAt: number | undefined;
  /** The time at which the connection closed before an answer. */
  closedAt: number | undefined;
}

/** One token's life, from the lease to whatever closed it. */
export interface Lease {
  readonly token: string;
  readonly input: string;
  worker: string;
  at: number;
  /** The poll that it was given to. */
  poll: Call | undefined;
  /** Everything that was sent about it. */
  readonly calls: Call[];
  /** The end of the task; undefined while it is open, and where its execution ended without it. */
  end: { readonly kind: 'succeeded' | 'failed' | 'timedOut'; readonly at: number } | undefined;
}

/** The calls to a service, and the leases that it gave out. */
export interface WireRecord {
  readonly leases: readonly Lease[];
  /** The numbers of calls of each operation, and of those with a fault. */
  readonly calls: { readonly [operation: string]: { readonly total: number; readonly faults: number } };
  /** The numbers of faults by API error. */
  readonly errors: { readonly [error: string]: number };
}

/** Chooses the fault of a call, by its signature too; a simulation without HTTP has no headers. */
export type PlanHook = (
  call: FaultCall & { readonly headers?: IncomingHttpHeaders },
) => ReturnType<FaultHook>;

export interface Recorder {
  /** The `fault` for `startLocalService`. */
  readonly hook: FaultHook;
  readonly record: WireRecord;
}

/** The asynchronous context of a request. */
interface Exchange {
  readonly response: ServerResponse;
  call?: Call;
}

interface Watcher {
  onLease(lease: Lease): void;
  onPollAnswered(call: Call, token: string): void;
}

const exchanges = new AsyncLocalStorage<Exchange>();
const watchers = new Set<Watcher>();

/**
 * Records what passes between clients and a local service in this process, without changing any of it: requests
 * and answers where they meet the network, leases and ends where the service decides them.
 * @param plan what goes wrong with each call. @default nothing does
 */
export function record(now: () => number, plan: PlanHook = () => undefined): Recorder {
  watchService();
  const leases = new Map<string, Lease>();
  const calls: { [operation: string]: { total: number; faults: number } } = {};
  const errors: { [error: string]: number } = {};
  watchers.add({
    onLease: (lease) => leases.set(lease.token, lease),
    onPollAnswered: (call, token) => {
      const lease = leases.get(token);
      if (lease) lease.poll = call;
    },
  });
  const hook: FaultHook = async (asked) => {
    const exchange = exchanges.getStore();
    const fault = await plan({ ...asked, headers: exchange?.response.req.headers });
    const count = (calls[asked.operation] ??= { total: 0, faults: 0 });
    count.total++;
    if (fault) count.faults++;
    if (fault?.kind === 'error') errors[fault.error] = (errors[fault.error] ?? 0) + 1;
    const call = makeCall(asked.operation, asked.body, now(), fault);
    if (exchange) follow(exchange, call, now);
    if (call.token !== undefined) leases.get(call.token)?.calls.push(call);
    return fault;
  };
  return {
    hook,
    get record() {
      return { leases: [...leases.values()], calls, errors };
    },
  };
}

function makeCall(operation: string, body: unknown, at: number, fault: Fault | undefined): Call {
  const { taskToken, ...rest } = (body ?? {}) as { taskToken?: unknown };
  const reports = operation === 'SendTaskSuccess' || operation === 'SendTaskFailure';
  return {
    operation,
    token: typeof taskToken === 'string' ? taskToken : undefined,
    outcome: reports ? `${operation} ${JSON.stringify(rest)}` : undefined,
    at,
    fault: fault?.kind,
    error: fault?.kind === 'error' ? fault.error : undefined,
    cleanAt: undefined,
    closedAt: undefined,
  };
}

/** Late is not spoiled. */
const SPOILS_NOTHING: ReadonlySet<Fault['kind'] | undefined> = new Set([undefined, 'delay', 'closed-poll']);

function follow(exchange: Exchange, call: Call, now: () => number): void {
  const { response } = exchange;
  exchange.call = call;
  response.once('finish', () => {
    if (response.statusCode === 200 && SPOILS_NOTHING.has(call.fault)) call.cleanAt = now();
  });
  response.once('close', () => {
    if (!response.writableFinished) call.closedAt = now();
  });
}

let watching = false;

/** The service does not report which poll got a token, nor how a task ended; both are recorded where they happen. */
function watchService(): void {
  if (watching) return;
  watching = true;
  channel('http.server.request.start').subscribe((message) =>
    exchanges.enterWith({ response: (message as { response: ServerResponse }).response }),
  );
  watchLeases();
  watchPolls();
}

function watchLeases(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { open } = TaskTable.prototype;
  TaskTable.prototype.open = function (subject, order) {
    const lease = { input: order.input, worker: '', at: 0, poll: undefined, calls: [], end: undefined };
    let told: Lease | undefined;
    const watched: Partial<TaskOrder> = {
      onStarted: (worker, at) => {
        if (told) Object.assign(told, { worker: worker ?? '', at });
        order.onStarted(worker, at);
      },
      onSettled: (outcome, at) => {
        if (told) told.end = { kind: outcome.kind, at };
        order.onSettled(outcome, at);
      },
    };
    // An order is an instance, whose methods a copy would not have.
    const task = open.call(this, subject, Object.assign(Object.create(order) as TaskOrder, watched));
    told = { ...lease, token: task.token };
    for (const watcher of watchers) watcher.onLease(told);
    return task;
  };
}

function watchPolls(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { poll } = Activity.prototype;
  Activity.prototype.poll = function (workerName, holdMs, answer) {
    const call = exchanges.getStore()?.call;
    return poll.call(this, workerName, holdMs, (given) => {
      const { taskToken } = given;
      if (call && taskToken !== undefined) for (const each of watchers) each.onPollAnswered(call, taskToken);
      answer(given);
    });
  };
}
