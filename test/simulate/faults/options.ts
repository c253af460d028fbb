import { type Fault, handlerOptions, options } from './seams.js';

/** Options that a worker heeds in another way than they say, and what it does when it is asked to. */
export const OPTION_FAULTS: readonly Fault[] = [
  {
    name: 'heartbeats are late by half of their interval',
    seed: 24,
    plant: handlerOptions((each, { heartbeatMs }) =>
      heartbeatMs === false ? each : { ...each, heartbeat: `${heartbeatMs * 1.5}ms` },
    ),
  },
  {
    name: 'heartbeats exceed their rate',
    seed: 52,
    plant: options((config) => ({ ...config, heartbeatRate: 100_000 })),
  },
  {
    name: 'the deadline of a handler never comes',
    seed: 54,
    plant: handlerOptions((each) => ({ ...each, timeout: false })),
  },
  {
    name: 'a handler has one slot more than it says',
    seed: 21,
    plant: handlerOptions((each, { concurrency, minPollers }) => ({
      ...each,
      concurrency: concurrency + 1,
      pollers: { min: minPollers, max: concurrency + 1 },
    })),
  },
  {
    name: "a rate's span is half as long as it says",
    seed: 24,
    plant: handlerOptions((each, { rate }) => (rate === undefined ? each : { ...each, rate: `${rate}/5s` })),
  },
  {
    name: 'a breaker never opens',
    seed: 21,
    plant: handlerOptions(({ breaker: _breaker, ...each }) => each),
  },
  {
    name: 'the grace never ends',
    seed: 9,
    plant: options((config) => ({ ...config, grace: '1h' })),
  },
  {
    name: 'a task that arrives in the drain begins although it should fail',
    seed: 11,
    plant: options((config) => ({ ...config, drain: 'run' })),
  },
  {
    name: 'a report is given up after a second',
    seed: 24,
    plant: options((config) => ({ ...config, reportLimit: '1s' })),
  },
  {
    name: 'payloads are read beyond the limit',
    seed: 10,
    plant: options((config) =>
      config.payloads ? { ...config, payloads: { ...config.payloads, limit: '1MB' } } : config,
    ),
  },
  {
    name: 'work that is to be done once is done by each task',
    seed: 8,
    plant: options(({ interceptors: _interceptors, ...config }) => config),
  },
  {
    name: 'refused credentials are not renewed',
    seed: 28,
    plant: (seams) => {
      seams.keys = ({ provide }) => {
        let first: ReturnType<typeof provide> | undefined;
        return () => (first ??= provide());
      };
    },
  },
  {
    name: 'a handler that is paused asks for tasks',
    seed: 56,
    plant: (seams) => {
      seams.worker = (it) => void (it.pause = () => {});
    },
  },
  {
    name: 'a handler that is resumed does not poll again',
    seed: 56,
    plant: (seams) => {
      seams.worker = (it) => void (it.resume = () => {});
    },
  },
  {
    name: 'slots that were taken from a handler go on being used',
    seed: 57,
    plant: (seams) => {
      seams.worker = (it) => {
        const configure = it.configure.bind(it);
        it.configure = (name, { concurrency: _concurrency, ...rest }) => configure(name, rest);
      };
    },
  },
  {
    name: 'ready whatever happens',
    seed: 31,
    plant: (seams) => {
      seams.worker = (it) => {
        const status = it.status.bind(it);
        it.status = () => ({ ...status(), ready: true, reasons: [] });
      };
    },
  },
  {
    name: 'the worker is said to have stopped before its last report',
    seed: 52,
    plant: (seams) => {
      seams.worker = (it) => {
        const [run, stop] = [it.run.bind(it), it.stop.bind(it)];
        let stopped = (): void => {};
        it.run = () => Promise.race([run(), new Promise<void>((resolve) => (stopped = resolve))]);
        it.stop = () => (stopped(), stop());
      };
    },
  },
  {
    name: '/ready is 200 while the main thread is blocked',
    seed: 54,
    plant: (seams) => {
      seams.probes = (probes) => {
        const servePagesIn = probes.servePagesIn.bind(probes);
        probes.servePagesIn =
          (by) =>
          (address, answer, ...rest) =>
            servePagesIn(by)(
              address,
              async (...request) => ({ ...(await answer(...request)), status: 200 }),
              ...rest,
            );
      };
    },
  },
];
