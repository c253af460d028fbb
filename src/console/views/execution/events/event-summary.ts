import type { HistoryEvent } from '../../../../framework/local/console/api.js';

/** Returns the name of an event type's colour in the style sheet; an empty string if it has no colour. */
export function eventTone(type: string): string {
  if (/Failed|TimedOut/.test(type)) return 'red';
  if (/Aborted/.test(type)) return 'grey';
  if (/Succeeded/.test(type)) return 'green';
  if (/Scheduled|Started/.test(type)) return 'blue';
  return '';
}

/** Returns the most important detail of an event: its error, worker, iteration, number of items or resource. */
export function eventSummary({ details = {} }: HistoryEvent): string {
  const { error, cause, workerName, index, length, resource } = details;
  if (typeof error === 'string')
    return typeof cause === 'string' && !cause.startsWith('{') ? `${error}: ${cause}` : error;
  if (typeof workerName === 'string') return `by ${workerName}`;
  if (typeof index === 'number') return `iteration ${index}`;
  if (typeof length === 'number') return `${length} items`;
  return typeof resource === 'string' ? (resource.split(':').at(-1) ?? '') : '';
}
