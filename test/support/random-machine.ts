import * as fc from 'fast-check';

/** The resource of the generated Task states. */
export const CALL = 'arn:aws:lambda:us-east-1:123456789012:function:any';

export type Fields = Readonly<Record<string, unknown>>;
export type Node =
  | { readonly kind: 'leaf'; readonly fields: Fields; readonly caught: boolean }
  /** Goes back to the first state of its sequence, goes over the next one, or goes on. */
  | { readonly kind: 'choice'; readonly back: boolean }
  | { readonly kind: 'end'; readonly type: 'Fail' | 'Succeed' }
  | {
      readonly kind: 'around';
      readonly type: 'Parallel' | 'Map';
      readonly bodies: readonly Node[][];
      readonly fields: Fields;
      readonly caught: boolean;
    };

const retries = fc.constantFrom<Fields>(
  {},
  { Retry: [{ ErrorEquals: ['E1'], IntervalSeconds: 1, MaxAttempts: 2 }] },
  { Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: 1 }] },
);
const leaf = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      Type: fc.constant('Task'),
      retries,
      wrong: fc.constantFrom(false, false, false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ Type: fc.constantFrom('Pass', 'Wait') }) },
);
/** Generates the body of a machine. */
export const { body } = fc.letrec<{ body: Node[]; node: Node }>((tie) => ({
  body: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    {
      weight: 5,
      arbitrary: fc
        .tuple(leaf, fc.boolean())
        .map(([fields, caught]): Node => ({ kind: 'leaf', fields, caught })),
    },
    { weight: 2, arbitrary: fc.boolean().map((back): Node => ({ kind: 'choice', back })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('Fail' as const, 'Succeed' as const)
        .map((type): Node => ({ kind: 'end', type })),
    },
    {
      weight: 3,
      arbitrary: fc
        .record({
          type: fc.constantFrom('Parallel' as const, 'Map' as const),
          bodies: fc.array(tie('body'), { minLength: 1, maxLength: 3 }),
          fields: fc
            .tuple(retries, fc.integer({ min: 0, max: 2 }))
            .map(([retry, MaxConcurrency]) => ({ ...retry, MaxConcurrency })),
          caught: fc.boolean(),
        })
        .map((made): Node => ({ kind: 'around', ...made })),
    },
  ),
}));

/**
 * Writes the definition of a generated machine. All states hand on the same kind of input: `{ n, items }`.
 * @param isLate returns true for a Task, a Parallel or a Map that fails after its work has succeeded. @default none
 */
export function definitionOf(whole: readonly Node[], isLate: () => boolean = () => false): string {
  let count = 0;
  const late = (): object => (isLate() ? { ResultPath: '$.n.none' } : {});
  const write = (list: readonly Node[]): object => {
    const names = list.map(() => `S${count++}`);
    const [first = ''] = names;
    const states = Object.fromEntries(list.flatMap((node, at) => stateOf(node, names, at)));
    return {
      StartAt: first,
      States: reachable({ ...states, [`${first}over`]: { Type: 'Pass', End: true } }, first),
    };
  };
  const stateOf = (node: Node, names: readonly string[], at: number): [string, object][] => {
    const [own = '', first = ''] = [names[at], names[0]];
    const over = `${first}over`;
    const next = names[at + 1] ?? over;
    if (node.kind === 'end')
      return [[own, { Type: node.type, ...(node.type === 'Fail' && { Error: 'E1' }) }]];
    if (node.kind === 'choice') {
      const [to, again] = [
        node.back ? `${own}again` : (names[at + 2] ?? over),
        { Type: 'Wait', Seconds: 1, Next: first },
      ];
      const rule = { Variable: '$.n', NumericEquals: 0, Next: to };
      return [
        [own, { Type: 'Choice', Choices: [rule], Default: next }],
        ...(node.back ? [[`${own}again`, again] as [string, object]] : []),
      ];
    }
    const caught = node.caught && { Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: over }] };
    if (node.kind === 'leaf') return [[own, leafOf(node.fields, next, caught || {}, late)]];
    const { type, bodies, fields } = node;
    const { MaxConcurrency, ...rest } = fields;
    const shared = { Type: type, ...rest, ...caught, ResultPath: null, ...late(), Next: next };
    if (type === 'Parallel') return [[own, { ...shared, Branches: bodies.map(write) }]];
    const ItemSelector = { 'n.$': '$.n', 'items.$': '$.items' };
    return [
      [
        own,
        {
          ...shared,
          ItemsPath: '$.items',
          ItemSelector,
          MaxConcurrency,
          ItemProcessor: write(bodies[0] ?? []),
        },
      ],
    ];
  };
  return JSON.stringify(write(whole));
}

/** Returns the states that can be reached. Others are refused. */
function reachable(states: Readonly<Record<string, object>>, first: string): object {
  const found = new Set([first]);
  for (const name of found) {
    const { Next, Default, Choices = [], Catch = [] } = states[name] as Record<string, { Next: string }[]>;
    for (const to of [Next, Default, ...[...Choices, ...Catch].map((each) => each.Next)])
      if (typeof to === 'string') found.add(to);
  }
  return Object.fromEntries([...found].map((name) => [name, states[name]]));
}

function leafOf(
  { Type, retries: retry, wrong }: Fields,
  Next: string,
  caught: object,
  late: () => object,
): object {
  if (Type === 'Pass') return { Type, Next };
  if (Type === 'Wait') return { Type, Seconds: 1, Next };
  // A field that can't be evaluated fails before the call, without an event of its own.
  const parameters = wrong === true ? { Parameters: { 'x.$': '$.missing' } } : {};
  return { Type, Resource: CALL, ...parameters, ...(retry as object), ...caught, ...late(), Next };
}
