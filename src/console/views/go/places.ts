import { executionArn, nameIn } from '../../model/format.js';
import { to } from '../../route.js';
import { useActivities, useExecutions, useMachines } from '../../service/topics.js';

/** Somewhere in the console that the user can go to. */
export interface Place {
  readonly kind: 'Page' | 'Machine' | 'Activity' | 'Execution';
  readonly name: string;
  /** Tells places of the same name apart: the machine of an execution. */
  readonly of?: string;
  readonly url: string;
}

const PAGES: readonly Place[] = [
  ...['machines', 'executions', 'activities', 'workers'].map((room) => ({
    kind: 'Page' as const,
    name: `${room[0]?.toUpperCase()}${room.slice(1)}`,
    url: to(room),
  })),
  { kind: 'Page', name: 'New machine', url: to('machines', 'new') },
];

/** The most places that are shown. */
const MOST_SHOWN = 40;

/** Returns all places that there are now. They are empty until the service has answered. */
export function usePlaces(): readonly Place[] {
  const machines = useMachines() ?? [];
  const activities = useActivities() ?? [];
  const executions = useExecutions(undefined)?.rows ?? [];
  return [
    ...PAGES,
    ...machines.map(({ arn, name }) => ({ kind: 'Machine' as const, name, url: to('machines', arn) })),
    ...activities.map(({ arn, name }) => ({ kind: 'Activity' as const, name, url: to('activities', arn) })),
    ...executions.map(({ machine, name }) => ({
      kind: 'Execution' as const,
      name,
      of: nameIn(machine),
      url: to('executions', executionArn(machine, name)),
    })),
  ];
}

/** Returns the places whose names contain all words of the text. Those that begin with it come first. */
export function placesFor(text: string, places: readonly Place[]): readonly Place[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = places.filter(({ kind, name, of = '' }) => {
    const all = `${kind} ${name} ${of}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const begins = ({ name }: Place): boolean =>
    words[0] !== undefined && name.toLowerCase().startsWith(words[0]);
  return [...found.filter(begins), ...found.filter((each) => !begins(each))].slice(0, MOST_SHOWN);
}
