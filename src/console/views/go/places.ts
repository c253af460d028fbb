import { useEffect, useState } from 'preact/hooks';
import { allStates, readDefinition } from '../../model/definition.js';
import { executionArn, nameIn } from '../../model/format.js';
import { to } from '../../route.js';
import { query } from '../../service/calls.js';
import { useActivities, useExecutions, useMachines } from '../../service/topics.js';

/** Somewhere in the console that the user can go to. */
export interface Place {
  readonly kind: 'Page' | 'Machine' | 'Activity' | 'State' | 'Execution';
  readonly name: string;
  /** Tells places of the same name apart: the machine of a state or an execution. */
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

/** The most machines whose states are offered, and the most places that are shown. */
const MOST_MACHINES = 50;
const MOST_SHOWN = 40;

/** Returns all places that there are now. They are empty until the service has answered. */
export function usePlaces(): readonly Place[] {
  const machines = useMachines() ?? [];
  const activities = useActivities() ?? [];
  const executions = useExecutions(undefined)?.rows ?? [];
  const states = useStates(machines.slice(0, MOST_MACHINES).map(({ arn }) => arn));
  return [
    ...PAGES,
    ...machines.map(({ arn, name }) => ({ kind: 'Machine' as const, name, url: to('machines', arn) })),
    ...activities.map(({ name }) => ({ kind: 'Activity' as const, name, url: to('activities', { name }) })),
    ...states,
    ...executions.map(({ machine, name }) => ({
      ...{ kind: 'Execution' as const, name, of: nameIn(machine) },
      url: to('executions', executionArn(machine, name)),
    })),
  ];
}

function useStates(arns: readonly string[]): readonly Place[] {
  const [states, setStates] = useState<readonly Place[]>([]);
  useEffect(() => {
    void Promise.all(arns.map(statesOf)).then((found) => setStates(found.flat()));
  }, [arns.join()]);
  return states;
}

/** The states of a machine lead to its page. */
async function statesOf(arn: string): Promise<Place[]> {
  const { name, definition } = await query('machine', { arn }).catch(() => ({ name: '', definition: '' }));
  const group = readDefinition(definition);
  return [...(group ? allStates(group) : [])].map((state) => ({
    ...{ kind: 'State', name: state.name, of: name },
    url: to('machines', arn, { state: state.name }),
  }));
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
