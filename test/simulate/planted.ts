/** A deliberate break of a promise: a text of one source that is replaced by another. */
export interface Planted {
  readonly name: string;
  /** From `src/framework`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const at = (file: string, faults: Readonly<Record<string, readonly [string, string]>>): Planted[] =>
  Object.entries(faults).map(([name, [from, to]]) => ({ name, file, from, to }));

/** Each is found by the search, or the search gets better. */
export const PLANTED: readonly Planted[] = [
  ...at('aws/response.ts', {
    "a gateway's empty 200 is taken for a yes": [
      'if (read && status === 200) return { output: read };',
      'if (status === 200) return { output: read ?? {} };',
    ],
    "a gateway's words are taken for the service's": [
      "headers['x-amzn-requestid'] !== undefined ||",
      "headers['x-amzn-requestid'] !== undefined || true ||",
    ],
  }),
  ...at('aws/classify-failure.ts', {
    'a report that met a 503 counts as accepted': [
      "return retry('fast', sent && (status !== 503 || type === undefined));",
      "return status === 503 ? { kind: 'ok' } : retry('fast', sent);",
    ],
    'gone is not heeded': ["if (GONE.has(type)) return { kind: 'gone', error };", ''],
    'a throttled report is refused for good': [
      "if (isThrottle(type, status)) return retry('throttled');",
      "if (isThrottle(type, status)) return { kind: 'refused', error };",
    ],
  }),
  ...at('aws/lean/lean-calls.ts', {
    'a wrong clock is never corrected': ['this.#clockOffsetMs = trueOffsetMs;', ''],
    'the signature is made for another time': [
      'wallTime() + offsetMs);',
      'wallTime() + offsetMs - 400_000);',
    ],
  }),
  ...at('aws/call.ts', {
    'a call that waited for credentials is sent though nobody wants it any more': [
      'return isWanted?.() === false ?',
      'return false ?',
    ],
  }),
  ...at('aws/lean/exchange.ts', {
    'a call that is given up stays open': ['    controller?.abort(reason);\n', ''],
  }),
  ...at('worker/task/report.ts', {
    'an outcome is sent again after it was accepted': [
      "if (answer?.kind === 'ok') return { kind: 'accepted', outcome };",
      "if (answer?.kind === 'ok' && attempt > 1) return { kind: 'accepted', outcome };",
    ],
    'a success turns into a failure when it is repeated': [
      '    await clock.sleep(delayMs, this.#gone);\n    return outcome;',
      "    await clock.sleep(delayMs, this.#gone);\n    return outcome.status === 'succeeded' ? refusedOutput(outcome.output, answer.error) : outcome;",
    ],
    'a report waits for ever for its answer': [
      'const limitMs = Math.min(ATTEMPT_LIMIT_MS, this.#until + LAST_ATTEMPT_MS - clock.now());',
      'const limitMs = 86_400_000;',
    ],
    'a report is given up after its first failure': [
      'if (leftMs <= 0) return undefined;',
      'return undefined;',
    ],
    'the limit of a report leaves its timer behind': [
      '    this.#cancelLimit?.();\n    if (answer.kind',
      '    if (answer.kind',
    ],
    'a report is never given up in a drain': [
      'this.#until = Math.min(this.#until, until);',
      'this.#until = Math.max(this.#until, 0);',
    ],
  }),
  ...at('worker/task/task.ts', {
    'a task that is gone is still reported': ['    this.#report.cancel(error);\n', ''],
    'timers of a task that has ended are left': ['    for (const cancel of this.#timers) cancel();\n', ''],
    'the heartbeat ends before the report': [
      '    this.#emitSettled();\n    this.#inContext.close();\n',
      '    this.#emitSettled();\n    this.#heartbeat?.release();\n    this.#inContext.close();\n',
    ],
    'the heartbeat goes on after the report': ['    this.#heartbeat?.release();\n', ''],
    'a lost report is not told': [
      "      this.#emit('report:lost', { ...reported, attempts, outcome, error, kept: this.#keptAs });\n",
      '      void [reported, attempts, outcome, error];\n',
    ],
    'a handler that ignores its signal holds up the drain': [
      '    this.#emitSettled();\n    this.#releaseSlot();\n',
      '    this.#emitSettled();\n',
    ],
    'no heartbeat is sent': [
      'everyMs: heartbeatMs === false ? Number.POSITIVE_INFINITY : heartbeatMs,',
      'everyMs: Number.POSITIVE_INFINITY,',
    ],
  }),
  ...at('worker/task/task.ts', {
    'an outcome is reported before it is kept': [
      '    await outside(() => outbox.keep(kept));\n',
      '    void outside(() => outbox.keep(kept));\n',
    ],
  }),
  ...at('worker/keep/leases.ts', {
    'what a dead worker has left is offered by nobody': [
      '(isSame && sentAt - seen.since >= LAPSE_MS)',
      '(isSame && sentAt - seen.since >= 86_400_000)',
    ],
  }),
  ...at('worker/keep/outbox/outbox.ts', {
    'an outcome stays in the store after it was accepted': ['      this.#deletions.add(key);\n', ''],
  }),
  ...at('worker/poll/slots.ts', {
    'a poll is sent without a slot': [
      'Math.min(this.#size - this.used,',
      'Math.min(this.#size - this.#running,',
    ],
    'results that are not taken do not count': [', 2 * this.#size - this.used - this.#undelivered)', ')'],
    'a slot is held until the report is accepted': ["    this.#to('report');\n", ''],
  }),
  ...at('worker/poll/poller.ts', {
    'the slot of a failed poll leaks': [
      '    } else slot.free();',
      "    } else if (answer.kind === 'empty') slot.free();",
    ],
    'a wake-up is lost': ['this.#timer.set(nextAt > now ? nextAt : Infinity);', 'this.#timer.set(Infinity);'],
    "a poll's limit leaves its timer behind": ['    limit.cancel();\n', ''],
    "a poll's limit counts the time before it is sent": ['      limit.restart();\n', ''],
    'polls go on after the stop': ['    if (this.#holdUntil !== undefined) return;\n', ''],
    'a failed poll counts as open for ever': [
      '    this.#open.remove(poll);\n',
      "    if (answer.kind !== 'failed') this.#open.remove(poll);\n",
    ],
    'one key that is throttled slows all handlers': [
      "trouble === 'throttled' && !ofKey && turns",
      "trouble === 'throttled' && turns",
    ],
  }),
  ...at('worker/poll/poll-limit.ts', {
    'a poll hangs for ever': ['      else this.#end();\n', ''],
    'a poll is given up too soon': [
      'export const POLL_LIMIT_MS = 75_000;',
      'export const POLL_LIMIT_MS = 55_000;',
    ],
  }),
  ...at('worker/poll/poll-record.ts', {
    'an answer is not remembered': ['    this.#lastAnswerAt = this.#clock.now();\n', ''],
  }),
  ...at('worker/poll/backoff.ts', {
    'a poll that failed waits for a quarter of an hour': [
      'Math.min(most, least * 2 ** doublings)',
      '1_800_000',
    ],
    'nobody probes whether trouble is over': [
      'this.#resting = [now + this.#wait(trouble, this.#probes++)];',
      'this.#resting = [Infinity];',
    ],
  }),
  ...at('worker/poll/turns.ts', {
    'whoever had a turn wins the next': [
      'if (!this.#queue.includes(taker)) this.#queue.push(taker);',
      'if (!this.#queue.includes(taker)) this.#queue.unshift(taker);',
    ],
    'the turn of a poller is lost': [
      '    this.#next = undefined;\n    this.#wait();\n',
      '    this.#next = undefined;\n',
    ],
    'the timer for the next turn outlives the worker': [
      'each !== taker);\n    this.#wait();\n',
      'each !== taker);\n',
    ],
  }),
  ...at('worker/heartbeat/heartbeat-scheduler.ts', {
    'a heartbeat that failed is the last one': [
      'this.#options.onAnswer(answer.error);\n    this.#enter(beat);',
      "this.#options.onAnswer(answer.error);\n    if (answer.kind === 'ok') this.#enter(beat);",
    ],
    'gone is heard by no task': ['      beat.lease.onGone(answer.error);\n', ''],
  }),
  ...at('worker/heartbeat/rate-limiter.ts', {
    'heartbeats exceed their rate': [
      'return Math.max(this.#evenAt - TOLERANCE_MS, this.#firstInWindow() + this.#windowMs);',
      'return Number.NEGATIVE_INFINITY;',
    ],
  }),
  ...at('worker/heartbeat/in-flight.ts', {
    'a heartbeat waits for ever for its answer': [
      '      first.limit.abort(new Error(`no answer to a heartbeat within ${Math.round(first.limitMs)} ms`));\n',
      '',
    ],
  }),
  ...at('worker/heartbeat/scheduled-heartbeat.ts', {
    'heartbeats are late by half of their interval': [
      'return this.#countedFrom + (1 - share) * this.lease.everyMs;',
      'return this.#countedFrom + (1.5 - share) * this.lease.everyMs;',
    ],
  }),
  ...at('worker/thread/worker-heartbeats.ts', {
    'heartbeats that go on from the main thread exceed their rate': ['    this.#takesOver = true;\n', ''],
  }),
  ...at('worker/thread/heartbeat-sender.ts', {
    'the thread of heartbeats does not hear that a lease has ended': ['    this.#release(over);\n', ''],
  }),
  ...at('worker/pool/hosted-run.ts', {
    'a task that has begun is begun again where its thread or process ends': [
      'if (!this.#hasBegun && !this.#hasOutcome)',
      'if (!this.#hasOutcome)',
    ],
    'a handler in a pool that ignores its signal is never ended': [
      '      if (!over.aborted) this.#abandon();\n',
      '',
    ],
  }),
  ...at('worker/pool/pool.ts', {
    'idle threads and processes of a pool outlive the worker': [
      '    await Promise.all(idle.map((pooled) => this.#retire(pooled)));\n',
      '',
    ],
    'the end of a thread or a process is not told to its task': [
      '      pooled.listener?.onExit(exit);\n',
      '',
    ],
  }),
  ...at('worker/worker.ts', {
    'the drain forgets a lease that came late': [
      '    for (let left = this.#left(); left.length > 0; left = this.#left()) await Promise.all(left);\n',
      '',
    ],
    'the grace never ends': ['      for (const loop of this.#loops) loop.endGrace();\n', ''],
    'the watch of stalls goes on after the stop': ['    this.#stalls.stop();\n', ''],
  }),
  ...at('worker/observe/readiness.ts', {
    'ready whatever happens': [
      "  if (state !== 'running') return",
      "  if (state === 'running') return [];\n  if (state !== 'running') return",
    ],
  }),
  ...at('aws/sdk/credential-source.ts', {
    'credentials asked for in vain are never asked for again': [
      'await within(clock, ASK_LIMIT_MS, ended, this.#closed)',
      'await within(clock, 86_400_000, ended, this.#closed)',
    ],
    'an ask for credentials outlives its worker': ['    this.#closed.abort(undefined);\n', ''],
  }),
  ...at('aws/sdk/credentials.ts', {
    'refused credentials are not renewed': [
      'if (!this.#settings.renewable || !(denied || REFUSED.has(type))) return false;',
      'return false;',
    ],
  }),
  ...at('worker/admission/breaker.ts', {
    'a breaker never opens': ['    if (many <= failed * of) return undefined;\n', '    return undefined;\n'],
    'polls leave while a breaker is open': [
      "return this.#state.kind === 'trying' && this.#state.token === undefined ? 1 : 0;",
      'return Number.POSITIVE_INFINITY;',
    ],
    'a task that was tried and is gone is waited for': [
      "      this.#state = { kind: 'trying', token: undefined };\n  }\n\n  /** To be",
      "      this.#state = { kind: 'trying', token };\n  }\n\n  /** To be",
    ],
  }),
  ...at('worker/deferral/deferrals.ts', {
    'more deferred tasks are held than allowed': ['>= this.#world.most;', '> this.#world.most;'],
    'what somebody decided and could not tell is told by nobody': [
      'if (keys) this.#seen(keys);',
      'if (keys) this.#decided.clear();',
    ],
    'a deferred task that is over stays in the store': [
      '      await quietly(this.#records.remove(task, lease));\n',
      '',
    ],
  }),
  ...at('worker/keep/payloads/payload-store.ts', {
    'a payload is not compared with its hash': ['if (hashOf(value) !== sha256)', 'if (false)'],
    'a reference to another place is followed': [
      'return uri === this.#uriOf(sha256);',
      'return uri.endsWith(payloadKey(sha256));',
    ],
    'a reference is reported before its payload is in the store': [
      "    await this.#attempt(`the output can't",
      "    void this.#attempt(`the output can't",
    ],
  }),
  ...at('worker/handler/input/references.ts', {
    'payloads are read beyond the limit': ['  if (bytes <= limit) return;\n', '  if (bytes >= 0) return;\n'],
  }),
  ...at('worker/keep/checkpoints/task-checkpoint.ts', {
    'a task saves its checkpoint over that of a later task': [
      'await store.replace(key, record, held.version, { ttlMs: keepMs });',
      'await store.put(key, record, { ttlMs: keepMs });',
    ],
    'a checkpoint is said to be saved before it is': [
      'await this.#put(held, this.#newest);',
      'void this.#put(held, this.#newest).catch(() => {});',
    ],
    'a checkpoint is not loaded': [
      'this.#first = { record: value };',
      'this.#first = { record: undefined };',
    ],
    'whoever takes a checkpoint empties it': [
      'value === undefined ? fields : { ...fields, value });',
      'isOwn ? { ...fields, value } : fields);',
    ],
  }),
  ...at('worker/keep/checkpoints/checkpoints.ts', {
    'a checkpoint is removed although a later task uses it': [
      " || read.fields['by'] !== by) return;",
      ') return;',
    ],
  }),
  ...at('worker/task/task.ts', {
    'the checkpoint of finished work stays': [
      '      if (checkpoint) this.#handler.checkpoints?.accepted(checkpoint);\n',
      '',
    ],
    'the checkpoint of work that failed is removed': [
      '      const { error, cause } = end.outcome;\n',
      '      const { error, cause } = end.outcome;\n      if (this.#checkpoint) this.#handler.checkpoints?.accepted(this.#checkpoint);\n',
    ],
  }),
  ...at('worker/pool/hosted-run.ts', {
    'the worker does not hear which checkpoint a thread or process has used': [
      'this.#checkpoints?.adopt(this.#context, message.ref);',
      ';',
    ],
  }),
  ...at('worker/keep/once/once.ts', {
    'work that is finished is done again': ["if (fields['state'] !== 'running')", 'if (false)'],
    'work is taken from a task that lives': [
      'lookedAt - seen.since >= LAPSE_MS',
      'lookedAt - seen.since >= 5_000',
    ],
    'work whose task has died is never begun again': [
      'lookedAt - seen.since >= LAPSE_MS',
      'lookedAt - seen.since >= 86_400_000',
    ],
  }),
  ...at('worker/keep/once/running-work.ts', {
    'a task that works shows once that it lives': ['      this.#renewLater();\n    });\n', '    });\n'],
    'a task that was taken for dead keeps its outcome': [
      'await store.replace(key, record, this.#version, { ttlMs });',
      'await store.put(key, record, { ttlMs });',
    ],
  }),
  ...at('worker/handler/interceptors/idempotent.ts', {
    'the outcome of work that is done once is not kept': [
      'if (!outcome) return await work.free();',
      'return await work.free();',
    ],
    'work that has failed is not let go': [
      'if (!outcome) return await work.free();',
      'if (!outcome) return;',
    ],
    'a failure that is final is not kept': [
      'if (!failures.includes(name)) return undefined;',
      'return undefined;',
    ],
    'whoever comes second gets nothing': [
      'return currentOutputs().repeat(output ?? null, context);',
      'return currentOutputs().repeat(null, context);',
    ],
  }),
  ...at('worker/admission/rate-window.ts', {
    "a rate's span is half as long as it says": [
      'first + this.#rate.perMs <= now;)',
      'first + this.#rate.perMs / 2 <= now;)',
    ],
  }),
  ...at('worker/poll/slots.ts', {
    'slots that were taken from a handler go on being used': [
      '    this.#size = size;\n  }\n\n  /** The number of slots that are in use',
      '    this.#size = Math.max(size, this.#size);\n  }\n\n  /** The number of slots that are in use',
    ],
  }),
  ...at('worker/admission/admission.ts', {
    'a handler that is paused asks for tasks': [
      "if (this.#pause && this.#pause.by !== 'breaker') return 0;",
      '',
    ],
    'a rate counts no task': ['this.#rate.begin(this.#options.clock.now());', ''],
    'a handler that is resumed does not poll again': [
      '    else this.#options.onResumed();\n    this.#options.onRoom();\n',
      '    else this.#options.onResumed();\n',
    ],
    'nobody polls when a rate allows tasks again': ['      this.#wakeForRate();\n      onRoom();\n', ''],
    'a breaker whose pause is over tries nothing': [
      'this.#pause = { by, reason: TRIED, since: this.#pause.since };\n    onRoom();\n',
      'this.#pause = { by, reason: TRIED, since: this.#pause.since };\n',
    ],
    "a pause's timer outlives the worker": ["    this.#cancel('rate');\n    this.#cancel('pause');\n", ''],
  }),
];
