import type { JSX } from 'preact';
import type { ExecutionStatus } from '../../framework/local/console/api.js';
import { PROGRESS_WORDS, type Progress } from '../model/progress.js';
import { Icon, type IconName } from './icons.js';

interface Appearance {
  readonly word: string;
  readonly icon: IconName;
  /** The name of the status's colour in the style sheet. */
  readonly tone: string;
}

const APPEARANCES: Readonly<Record<ExecutionStatus, Appearance>> = {
  RUNNING: { word: 'Running', icon: 'in progress', tone: 'blue' },
  SUCCEEDED: { word: 'Succeeded', icon: 'succeeded', tone: 'green' },
  FAILED: { word: 'Failed', icon: 'failed', tone: 'red' },
  TIMED_OUT: { word: 'Timed out', icon: 'timed out', tone: 'red' },
  ABORTED: { word: 'Aborted', icon: 'aborted', tone: 'grey' },
};

export const STATUSES = Object.keys(APPEARANCES) as ExecutionStatus[];

export const wordOf = (status: ExecutionStatus): string => APPEARANCES[status].word;

const TONES: Readonly<Record<Progress | 'not reached', string>> = {
  queued: 'blue',
  leased: 'blue',
  'backing off': 'blue',
  'in progress': 'blue',
  succeeded: 'green',
  caught: 'orange',
  failed: 'red',
  'timed out': 'red',
  aborted: 'grey',
  'not reached': 'none',
};

export const toneOf = (progress: Progress | 'not reached'): string => TONES[progress];

/** Shows the status of an execution by a colour, an icon and a word. */
export function StatusBadge({ status }: { readonly status: ExecutionStatus }): JSX.Element {
  const { word, icon, tone } = APPEARANCES[status];
  return (
    <span class={`badge ${tone}`} data-status={status}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** Shows the progress of a state by a colour, an icon and a word. */
export function ProgressBadge({ progress }: { readonly progress: Progress | 'not reached' }): JSX.Element {
  return (
    <span class={`badge ${toneOf(progress)}`}>
      <Icon name={progress} />
      {PROGRESS_WORDS[progress]}
    </span>
  );
}
