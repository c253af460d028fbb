import type { Figures } from './judge.js';
import type { Effects } from './troubles.js';

/** What happened around the figures. */
export interface Circumstances {
  readonly seed: number;
  readonly kill: boolean;
  readonly seconds: number;
  readonly workers: number;
  /** Workers that ended without having been told to. */
  readonly crashes: number;
  /** Workers that did not end when they were told to. */
  readonly stuck: number;
  /** Where the logs of the workers are. */
  readonly logDir: string;
  /** What the troubles in the middle did, if there were any. */
  readonly effects: Effects | undefined;
}

/** The figures of a soak as a table for a person. */
export function show(who: string, figures: Figures, around: Circumstances): string {
  const { lost, calls, faults } = figures;
  const { seed, kill, seconds, workers, crashes, stuck, logDir, effects } = around;
  const share = ((100 * faults) / Math.max(calls, 1)).toFixed(1);
  const rows: Row[] = [
    ['executions', figures.executions],
    ['  ended as they should', figures.endedAsTheyShould],
    ['leases', figures.leases],
    ['  lost on the wire', lost.wire, 'a fault spoiled the answer that carried the token'],
    ['  starved by faults', lost.starved, 'all heartbeats and reports were eaten until the lease lapsed'],
    ['  lost with a killed worker', lost.killed],
    [
      '  lost by a worker that was not killed',
      lost.worker,
      `${figures.lostToClosedPolls} of them to polls it had closed`,
    ],
    ['finished successes reported as failures', figures.successesReportedAsFailures],
    ['tokens told different outcomes', figures.differingOutcomes],
    ['outcomes sent again after a clean 200', figures.sentAgainAfterClean],
    ['workers started', workers, `${crashes} ended unasked, ${stuck} did not end when asked`],
    ['calls', calls, `${faults} of them met a fault (${share} %)`],
    ...(effects ? rowsOf(effects, kill) : []),
  ];
  const lines = rows.map(
    ([what, figure, note]) => `  ${what.padEnd(40)}${String(figure).padStart(7)}${note ? `   ${note}` : ''}`,
  );
  const extras = `${kill ? ', with kills' : ''}${effects ? ', with troubles in the middle' : ''}`;
  return [`${who}: seed ${seed}${extras}, ${seconds} s (logs: ${logDir})`, ...lines].join('\n');
}

type Row = [what: string, figure: number, note?: string];

function rowsOf({ lines, linesLost, disk, fullMs, wrongKey, wrongTime }: Effects, kill: boolean): Row[] {
  const full = `${disk} was full for ${Math.round(fullMs / 1_000)} s`;
  return [
    ['  refused for the replaced key', wrongKey],
    ['  refused for the clock', wrongTime, 'it jumped by an hour'],
    ['lines logged', lines],
    ['  lost', linesLost, kill ? `${full}, or their worker was killed` : full],
  ];
}
