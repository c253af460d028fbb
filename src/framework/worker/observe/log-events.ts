import { createHash } from 'node:crypto';
import type { Clock } from '../../base/time/clock.js';
import { showError, tokenHash } from '../../base/show.js';
import { type Logger, writesDebug } from '../../base/log/log.js';
import type { HandlerRef, TaskRef, WorkerEvents } from '../../declare/worker-events.js';
import type { WorkerState } from '../../base/worker-status.js';
import type { EventHub } from './event-hub.js';
import { adviceOn, plainReason } from '../../aws/advice.js';
import { OutageTracker } from '../../base/time/outage.js';
import type { StoreEvent, StoreUse } from '../../base/store.js';

/** Logs the events of a worker that matter to an operator. A change is logged once, not again while it lasts. */
export function logEvents(events: EventHub, log: Logger, clock: Clock): void {
  logTasks(events, log);
  logStores(events, log);
  logProgress(events, log, clock);
  logReports(events, log, clock);
  logPolls(events, log);
  events.on('heartbeat:late', ({ late, tasks }) =>
    log.warn(
      { late, tasks },
      `${late} of ${tasks} heartbeats late: raise heartbeatRate, run more workers, or use a longer heartbeat and HeartbeatSeconds`,
    ),
  );
  events.on('heartbeat:failed', ({ error }) =>
    log.warn({ error: showError(error) }, 'heartbeats fail; they are repeated'),
  );
  events.on('heartbeat:recovered', () => log.info('heartbeats are accepted again'));
  events.on('protection:granted', (fields) => log.info(fields, PROTECTED));
  events.on('protection:released', (fields) => log.info(fields, UNPROTECTED));
  events.on('protection:failed', ({ platform, error }) =>
    log.warn({ platform, error: showError(error) }, PROTECTION_FAILED),
  );
  logOutbox(events, log);
  events.on('loop:blocked', ({ blockedMs, gaveUp, handlers }) => {
    const fields = { blockedMs, handlers };
    if (gaveUp)
      log.error(fields, 'the event loop was blocked for longer than stallAfter: no heartbeats were sent');
    else log.warn(fields, 'the event loop was blocked: heartbeats were sent, polls and reports were not');
  });
  events.on('handler:paused', ({ by, reason, until, ...ref }) => {
    const lasts = until === undefined ? {} : { until: new Date(until).toISOString() };
    log.warn(
      { ...where(ref), by, reason, ...lasts },
      'handler paused: it receives no new tasks; running tasks continue',
    );
  });
  events.on('handler:resumed', (ref) => log.info(where(ref), 'handler resumed: it receives tasks again'));
  events.on('slots:stuck', ({ reason, ignoring, undelivered, ...ref }) =>
    log.error(
      { ...where(ref), ignoring, undelivered },
      `${reason}; no new task is received until one of its tasks ends`,
    ),
  );
  events.on('slots:freed', (ref) => log.info(where(ref), 'slots are free again'));
  events.on('state', ({ from, to }) => log.info({ from, to }, `worker is ${to}`));
}

const PROTECTED = 'a task runs longer than protectAfter: the platform protects this worker from scale-in';
const UNPROTECTED =
  'no task runs longer than protectAfter any more: the platform no longer protects this worker';
const PROTECTION_FAILED =
  'the platform refused the protection or did not answer; the call is repeated, less and less often';

function logStores(events: EventHub, log: Logger): void {
  events.on('store:failed', (failed) => logStore(log, { event: 'store:failed', ...failed }));
  events.on('store:recovered', (recovered) => logStore(log, { event: 'store:recovered', ...recovered }));
}

function logOutbox(events: EventHub, log: Logger): void {
  events.on('outbox:unkept', ({ error, ...task }) =>
    log.debug({ ...about(task), error: showError(error) }, 'reported without being kept in the outbox'),
  );
  events.on('outbox:offered', ({ outcome, error, ...task }) => {
    if (outcome === 'accepted') log.info(about(task), 'an outcome that was left in the outbox was accepted');
    else if (outcome === 'delivered')
      log.info(about(task), 'an outcome that was left in the outbox was delivered by another worker');
    else if (outcome === 'gone')
      log.warn(about(task), 'an outcome that was left in the outbox came too late: its task is gone');
    else
      log.error(
        { ...about(task), error: error && showError(error) },
        'an outcome that was left in the outbox is given up: it could not be delivered for a day',
      );
  });
}

function logTasks(events: EventHub, log: Logger): void {
  // Without this question, each task would cost a hash that nobody reads.
  if (writesDebug(log)) events.on('task:received', (task) => log.debug(about(task), 'task received'));
  events.on('task:succeeded', ({ handler, activityArn: activity, token, durationMs }) =>
    log.info({ handler, activity, task: tokenHash(token), ms: Math.round(durationMs) }, 'task succeeded'),
  );
  events.on('task:failed', (task) => {
    const { error, cause } = task;
    log.warn({ ...about(task), ms: Math.round(task.durationMs), error, cause }, 'task failed');
  });
  events.on('task:deferred', (task) =>
    log.info(
      { ...about(task), ms: Math.round(task.durationMs), id: task.id },
      'task deferred: somebody else completes it',
    ),
  );
  events.on('task:gone', (task) => {
    const message = task.probablyDelivered
      ? 'task is gone; its result was probably delivered: an earlier answer was lost'
      : 'task is gone: it timed out or its execution ended; nothing is reported';
    log.warn({ ...about(task), ms: Math.round(task.durationMs), reason: showError(task.error) }, message);
  });
  events.on('task:ignored-abort', (task) => {
    const message = task.abandoned
      ? 'the handler ignores its abort signal: the drain continues without it'
      : 'the handler ignores its abort signal: its slot stays in use until it ends';
    log.warn({ ...about(task), afterMs: task.afterMs }, message);
  });
}

/** The least time between two log lines about the progress of one task. */
const PROGRESS_EACH_MS = 10_000;

function logProgress(events: EventHub, log: Logger, clock: Clock): void {
  /** The time of the last log line about each task's progress, by token. */
  const written = new Map<string, number>();
  events.on('task:progress', (task) => {
    const { token, fraction, message } = task;
    const now = clock.now();
    if (now - (written.get(token) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EACH_MS) return;
    written.set(token, now);
    const shown = { ...(fraction !== undefined && { fraction }), ...(message !== undefined && { message }) };
    log.info({ ...about(task), progress: shown }, 'task progress');
  });
  for (const end of ['task:succeeded', 'task:failed', 'task:deferred', 'task:gone', 'report:lost'] as const)
    // V8 hashes a token before it looks for it, which costs as much as the rest of this event.
    events.on(end, ({ token }) => void (written.size > 0 && written.delete(token)));
}

function logReports(events: EventHub, log: Logger, clock: Clock): void {
  /** The tokens of tasks whose reports have failed at least once and are being repeated. */
  const waiting = new Set<string>();
  let waited = 0;
  /**
   * True if the service accepts some reports at the first attempt while others are being repeated. One accepted repeat
   * then doesn't show that the outage is over.
   */
  let partial = false;
  const outage = new OutageTracker<'failed'>(clock, {
    began: (_, error) => {
      partial = false;
      log.warn(
        { error: showError(error) },
        'results can not be reported; each is sent again until it is accepted',
      );
    },
    ended: () => {
      log.info({ results: waited }, 'results are accepted again');
      waited = waiting.size;
    },
  });
  events.on('report:retried', ({ token, error }) => {
    outage.failed('failed', error);
    if (!waiting.has(token)) waited++;
    waiting.add(token);
  });
  /**
   * Records that the service has accepted a report. When no report is being repeated any more, the outage counts as
   * over. Each outage is logged once when it begins and once when it ends, however many reports were repeated.
   */
  const taken = ({ token }: TaskRef): void => {
    if (waiting.size === 0 || !waiting.delete(token)) partial = true;
    if (outage.current && waiting.size === 0) outage.answered({ atOnce: !partial });
  };
  events.on('task:succeeded', taken);
  events.on('task:failed', taken);
  events.on('task:gone', ({ token }) => void waiting.delete(token));
  events.on('state', ({ to }) => {
    if (hasEnded(to)) outage.stop();
  });
  events.on('report:lost', (lost) => {
    logLost(log, lost);
    waiting.delete(lost.token);
  });
}

/** Logs a result that was not accepted. If it is lost, the line has what is needed to report it by hand. */
function logLost(log: Logger, task: WorkerEvents['report:lost']): void {
  const { outcome, attempts, error, token, kept } = task;
  const fields = { ...about(task), attempts, error: showError(error) };
  if (kept) return log.warn(fields, KEPT);
  const text = outcome.status === 'succeeded' ? outcome.output : outcome.cause;
  const sha256 = createHash('sha256').update(text).digest('hex');
  log.error(
    { ...fields, token, status: outcome.status, bytes: Buffer.byteLength(text), sha256 },
    'the result is lost: Step Functions did not accept it in time; while the task still runs, send the result yourself with this token',
  );
}

const KEPT = 'Step Functions did not accept the result in time: it is in the outbox, and is offered again';

const hasEnded = (state: WorkerState): boolean => state === 'stopped' || state === 'failed';

function logPolls(events: EventHub, log: Logger): void {
  /**
   * The number of polls of each handler, since polls last worked, whose task may be lost: they failed after they were
   * sent. The first is logged at once, their number when polls work again.
   */
  const lost = new Map<string, number>();
  events.on('poll:failed', ({ trouble, error, ...poll }) => {
    const fields = { ...where(poll), trouble, error: showError(error) };
    if (trouble === 'refused') log.error(fields, `${refusal(error, poll)}. ${REFUSED_GO_ON}`);
    else if (trouble === 'unhealthy')
      log.warn(fields, `no polls are sent: ${error.message}. The check is repeated within 30 s`);
    else if (trouble === 'unreachable')
      log.warn(fields, `polls fail: ${plainReason(error)}${advice(error, poll)}. ${FAILED_GO_ON}`);
    else log.warn(fields, POLL_FAILURE[trouble]);
  });
  events.on('poll:recovered', ({ afterMs, failures, ...poll }) => {
    const tokensPossiblyLost = lost.get(poll.handler) ?? 0;
    lost.delete(poll.handler);
    log.info(
      { ...where(poll), afterMs: Math.round(afterMs), failures, tokensPossiblyLost },
      'polls are answered again',
    );
  });
  events.on('poll:token-possibly-lost', ({ error, ...poll }) => {
    const before = lost.get(poll.handler) ?? 0;
    lost.set(poll.handler, before + 1);
    if (before === 0) log.warn({ ...where(poll), error: showError(error) }, POSSIBLY_LOST);
  });
  events.on('state', ({ to }) => {
    const tokensPossiblyLost = [...lost.values()].reduce((sum, n) => sum + n, 0);
    if (hasEnded(to) && tokensPossiblyLost > 0) log.warn({ tokensPossiblyLost }, POSSIBLY_LOST);
  });
}

const POSSIBLY_LOST =
  'a poll ended without an answer: if it had received a task, only HeartbeatSeconds or TimeoutSeconds with a Retry starts that task again';

const POLL_FAILURE = {
  throttled: 'polls are throttled: they continue at the rate that the service accepts',
  crowded:
    'too many polls are open on the activity: this worker opens fewer, and more again when there is room',
} as const;
const REFUSED_GO_ON = 'Polls are repeated after 1 s, then less and less often, down to every 30 s';
const FAILED_GO_ON =
  'Each failed poll is repeated; while none gets through, one poll is sent about once a second';

/**
 * Returns the words about a profile that does not exist, which are a part of the error's message; empty if none are.
 */
const missingProfile = ({ message }: Error): string =>
  /; (AWS_PROFILE is '.*', a profile that is not in .*)$/.exec(message)?.[1]?.replace(/^/, ': ') ?? '';

/** Returns why polls are refused, what can be done about it, and the command that examines the rest. */
const refusal = (error: Error, poll: HandlerRef): string =>
  `polls are refused: ${plainReason(error)}${missingProfile(error)}${advice(error, poll)}; for more run \`npx stepwright doctor\``;

function advice(error: Error, { activityArn }: HandlerRef): string {
  const fix = adviceOn(error, { activityArn, region: activityArn.split(':')[3] ?? '' });
  return fix === undefined ? '' : `. Fix: ${fix}`;
}

const where = ({ handler, activityArn }: HandlerRef): object => ({ handler, activity: activityArn });

const about = (task: TaskRef): object => ({
  ...where(task),
  task: tokenHash(task.token),
});

/** The words for a store that fails. */
const STORE_FAILS: Readonly<Record<StoreUse, string>> = {
  payloads:
    'the store of payloads fails: its calls are repeated, and tasks that need it fail with Stepwright.PayloadUnavailable',
  checkpoint: 'the store of checkpoints fails: its calls are repeated for a minute',
  idempotent: 'the store of Idempotent fails: its calls are repeated for a minute, and no work begins',
  deferred: 'a store fails; its calls are repeated',
  outbox:
    "the outbox's store fails: results are reported, but those that it didn't take die with this process",
};

/** Logs an event of a store. */
export function logStore(log: Logger, told: StoreEvent): void {
  const { event, use, call } = told;
  if (event === 'store:failed') log.error({ use, call, error: showError(told.error) }, STORE_FAILS[use]);
  else log.info({ use, call, afterMs: Math.round(told.afterMs) }, 'a store works again');
}
