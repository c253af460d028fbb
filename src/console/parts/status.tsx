import type { JSX } from 'preact';
import type { ExecutionStatus } from '../../framework/local/console/api.js';
import { PROGRESS_WORDS, type Progress } from '../model/progress.js';
import { Icon, type IconName } from './icons.js';

interface Look {
  readonly word: string;
  readonly icon: IconName;
  /** Its colour, by the name that the styles have for it. */
  readonly tone: string;
}

const EXECUTIONS: Readonly<Record<ExecutionStatus, Look>> = {
  RUNNING: { word: 'Running', icon: 'in progress', tone: 'blue' },
  SUCCEEDED: { word: 'Succeeded', icon: 'succeeded', tone: 'green' },
  FAILED: { word: 'Failed', icon: 'failed', tone: 'red' },
  TIMED_OUT: { word: 'Timed out', icon: 'timed out', tone: 'red' },
  ABORTED: { word: 'Aborted', icon: 'aborted', tone: 'grey' },
};

export const STATUSES = Object.keys(EXECUTIONS) as ExecutionStatus[];

export const wordOf = (status: ExecutionStatus): string => EXECUTIONS[status].word;

const TONES: Readonly<Record<Progress | 'not reached', string>> = {
  queued: 'blue',
  leased: 'blue',
  'backing off': 'blue',
  'in progress': 'blue',
  succeeded: 'green',
  caught: 'orange',
  failed: 'red',
  aborted: 'grey',
  'not reached': 'none',
};

export const toneOf = (progress: Progress | 'not reached'): string => TONES[progress];

/** How an execution stands: colour, icon and word. */
export function StatusBadge({ status }: { readonly status: ExecutionStatus }): JSX.Element {
  const { word, icon, tone } = EXECUTIONS[status];
  return (
    <span class={`badge ${tone}`} data-status={status}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** How a state stands, likewise. */
export function ProgressBadge({ progress }: { readonly progress: Progress | 'not reached' }): JSX.Element {
  return (
    <span class={`badge ${toneOf(progress)}`}>
      <Icon name={progress} />
      {PROGRESS_WORDS[progress]}
    </span>
  );
}
