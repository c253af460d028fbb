import { machineHistories } from './machine-histories.js';
import { FUNCTIONS, WORK, type WorkerReport, type Expected, type MachineRow } from './row.js';

/** A well-known kind of machine in both languages, with its workers' reports and its outcome. */
interface Kind {
  readonly name: string;
  readonly input: unknown;
  readonly work: readonly WorkerReport[];
  readonly expect: Expected;
  readonly jsonpath: object;
  readonly jsonata: object;
}

const task = { Type: 'Task', Resource: WORK };
const echo = { Type: 'Task', Resource: FUNCTIONS.echo };
const E: WorkerReport = { error: 'E', cause: 'c' };

const kinds: Kind[] = [
  {
    name: 'job poller',
    input: { seconds: 5 },
    work: [
      { output: 'job-1' },
      { output: 'RUNNING' },
      { output: 'RUNNING' },
      { output: 'SUCCEEDED' },
      { output: 'report' },
    ],
    expect: {
      status: 'SUCCEEDED',
      output: 'report',
      seconds: 15,
      path: [
        'Submit',
        'Pause',
        'Status',
        'Done?',
        'Pause',
        'Status',
        'Done?',
        'Pause',
        'Status',
        'Done?',
        'Report',
      ],
    },
    jsonpath: {
      StartAt: 'Submit',
      States: {
        Submit: { ...task, ResultPath: '$.id', Next: 'Pause' },
        Pause: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Status' },
        Status: { ...task, InputPath: '$.id', ResultPath: '$.status', Next: 'Done?' },
        'Done?': {
          Type: 'Choice',
          Choices: [
            { Variable: '$.status', StringEquals: 'FAILED', Next: 'Broken' },
            { Variable: '$.status', StringEquals: 'SUCCEEDED', Next: 'Report' },
          ],
          Default: 'Pause',
        },
        Broken: { Type: 'Fail', Error: 'JobFailed' },
        Report: { ...task, InputPath: '$.id', End: true },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Submit',
      States: {
        Submit: {
          ...task,
          Assign: { id: '{% $states.result %}', pause: '{% $states.input.seconds %}' },
          Next: 'Pause',
        },
        Pause: { Type: 'Wait', Seconds: '{% $pause %}', Next: 'Status' },
        Status: { ...task, Arguments: '{% $id %}', Next: 'Done?' },
        'Done?': {
          Type: 'Choice',
          Choices: [
            { Condition: "{% $states.input = 'FAILED' %}", Next: 'Broken' },
            { Condition: "{% $states.input = 'SUCCEEDED' %}", Next: 'Report' },
          ],
          Default: 'Pause',
        },
        Broken: { Type: 'Fail', Error: 'JobFailed' },
        Report: { ...task, Arguments: '{% $id %}', End: true },
      },
    },
  },
  {
    name: 'saga with compensation',
    input: { trip: 7 },
    work: [
      { output: 'h1' },
      { output: 'f1' },
      { error: 'NoCars', cause: 'sold out' },
      { output: 'ok' },
      { output: 'ok' },
    ],
    expect: {
      status: 'FAILED',
      error: 'TripFailed',
      cause: 'sold out',
      path: ['Hotel', 'Flight', 'Car', 'CancelFlight', 'CancelHotel', 'Failed'],
    },
    jsonpath: {
      StartAt: 'Hotel',
      States: {
        Hotel: {
          ...task,
          ResultPath: '$.hotel',
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Failed' }],
          Next: 'Flight',
        },
        Flight: {
          ...task,
          ResultPath: '$.flight',
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'CancelHotel' }],
          Next: 'Car',
        },
        Car: {
          ...task,
          ResultPath: '$.car',
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'CancelFlight' }],
          End: true,
        },
        CancelFlight: {
          ...task,
          InputPath: '$.flight',
          ResultPath: null,
          Retry: [{ ErrorEquals: ['States.ALL'] }],
          Next: 'CancelHotel',
        },
        CancelHotel: {
          ...task,
          InputPath: '$.hotel',
          ResultPath: null,
          Retry: [{ ErrorEquals: ['States.ALL'] }],
          Next: 'Failed',
        },
        Failed: { Type: 'Fail', Error: 'TripFailed', CausePath: '$.error.Cause' },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Hotel',
      States: {
        Hotel: {
          ...task,
          Assign: { hotel: '{% $states.result %}' },
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
          Next: 'Flight',
        },
        Flight: {
          ...task,
          Assign: { flight: '{% $states.result %}' },
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'CancelHotel' }],
          Next: 'Car',
        },
        Car: {
          ...task,
          Catch: [
            {
              ErrorEquals: ['States.ALL'],
              Assign: { why: '{% $states.errorOutput.Cause %}' },
              Next: 'CancelFlight',
            },
          ],
          End: true,
        },
        CancelFlight: { ...task, Arguments: '{% $flight %}', Next: 'CancelHotel' },
        CancelHotel: { ...task, Arguments: '{% $hotel %}', Next: 'Failed' },
        Failed: { Type: 'Fail', Error: 'TripFailed', Cause: '{% $why %}' },
      },
    },
  },
  {
    name: 'Map of Parallels',
    input: {
      orders: [
        { id: 1, price: 10 },
        { id: 2, price: 20 },
      ],
    },
    work: [],
    expect: {
      status: 'SUCCEEDED',
      output: [
        { id: 1, net: 10, tax: 1 },
        { id: 2, net: 20, tax: 2 },
      ],
      path: ['Each', 'Both', 'Net', 'Tax', 'Join', 'Both', 'Net', 'Tax', 'Join'],
    },
    jsonpath: {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemsPath: '$.orders',
          MaxConcurrency: 1,
          ItemProcessor: {
            StartAt: 'Both',
            States: {
              Both: {
                Type: 'Parallel',
                Branches: [
                  { StartAt: 'Net', States: { Net: { ...echo, InputPath: '$.price', End: true } } },
                  {
                    StartAt: 'Tax',
                    States: {
                      Tax: {
                        Type: 'Pass',
                        Parameters: { 't.$': "States.StringToJson(States.Format('{}', $.id))" },
                        OutputPath: '$.t',
                        End: true,
                      },
                    },
                  },
                ],
                ResultPath: '$.parts',
                Next: 'Join',
              },
              Join: {
                Type: 'Pass',
                Parameters: { 'id.$': '$.id', 'net.$': '$.parts[0]', 'tax.$': '$.parts[1]' },
                End: true,
              },
            },
          },
          End: true,
        },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          Items: '{% $states.input.orders %}',
          MaxConcurrency: 1,
          ItemProcessor: {
            StartAt: 'Both',
            States: {
              Both: {
                Type: 'Parallel',
                Branches: [
                  {
                    StartAt: 'Net',
                    States: { Net: { ...echo, Arguments: '{% $states.input.price %}', End: true } },
                  },
                  {
                    StartAt: 'Tax',
                    States: { Tax: { Type: 'Pass', Output: '{% $states.input.price / 10 %}', End: true } },
                  },
                ],
                Output: { id: '{% $states.input.id %}', parts: '{% $states.result %}' },
                Next: 'Join',
              },
              Join: {
                Type: 'Pass',
                Output: {
                  id: '{% $states.input.id %}',
                  net: '{% $states.input.parts[0] %}',
                  tax: '{% $states.input.parts[1] %}',
                },
                End: true,
              },
            },
          },
          End: true,
        },
      },
    },
  },
  {
    name: 'order flow with many choices',
    input: { total: 120, country: 'JP', items: 3, member: true },
    work: [{ output: { charged: 108 } }],
    expect: {
      status: 'SUCCEEDED',
      output: { charged: 108 },
      path: ['Valid?', 'Where?', 'Member?', 'Discount', 'Charge'],
    },
    jsonpath: {
      StartAt: 'Valid?',
      States: {
        'Valid?': {
          Type: 'Choice',
          Choices: [
            {
              Or: [
                { Variable: '$.total', NumericLessThanEquals: 0 },
                { Variable: '$.items', NumericEquals: 0 },
                { Not: { Variable: '$.country', IsString: true } },
              ],
              Next: 'Refuse',
            },
          ],
          Default: 'Where?',
        },
        'Where?': {
          Type: 'Choice',
          Choices: [
            { Variable: '$.country', StringMatches: 'J*', Next: 'Member?' },
            { Variable: '$.country', StringEquals: 'XX', Next: 'Refuse' },
          ],
          Default: 'Charge',
        },
        'Member?': {
          Type: 'Choice',
          Choices: [
            {
              And: [
                { Variable: '$.member', IsPresent: true },
                { Variable: '$.member', BooleanEquals: true },
                { Variable: '$.total', NumericGreaterThan: 100 },
              ],
              Next: 'Discount',
            },
          ],
          Default: 'Charge',
        },
        Discount: { Type: 'Pass', Parameters: { 'total.$': 'States.MathAdd($.total, -12)' }, Next: 'Charge' },
        Charge: { ...task, End: true },
        Refuse: { Type: 'Fail', Error: 'Refused' },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Valid?',
      States: {
        'Valid?': {
          Type: 'Choice',
          Choices: [
            {
              Condition:
                "{% $states.input.total <= 0 or $states.input.items = 0 or $type($states.input.country) != 'string' %}",
              Next: 'Refuse',
            },
          ],
          Default: 'Where?',
        },
        'Where?': {
          Type: 'Choice',
          Choices: [
            { Condition: '{% $contains($states.input.country, /^J/) %}', Next: 'Member?' },
            { Condition: "{% $states.input.country = 'XX' %}", Next: 'Refuse' },
          ],
          Default: 'Charge',
        },
        'Member?': {
          Type: 'Choice',
          Choices: [
            { Condition: '{% $states.input.member and $states.input.total > 100 %}', Next: 'Discount' },
          ],
          Default: 'Charge',
        },
        Discount: { Type: 'Pass', Output: { total: '{% $states.input.total * 0.9 %}' }, Next: 'Charge' },
        Charge: { ...task, End: true },
        Refuse: { Type: 'Fail', Error: 'Refused' },
      },
    },
  },
  {
    name: 'approval by token',
    input: { amount: 500 },
    work: [{ output: { approved: true, by: 'ada' } }, { output: 'paid' }],
    expect: { status: 'SUCCEEDED', output: 'paid', path: ['Ask', 'Approved?', 'Pay'] },
    jsonpath: {
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Task',
          Resource: FUNCTIONS.ask,
          HeartbeatSeconds: 3600,
          Parameters: { MessageBody: { 'token.$': '$$.Task.Token', 'amount.$': '$.amount' } },
          ResultPath: '$.answer',
          Next: 'Approved?',
        },
        'Approved?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.answer.approved', BooleanEquals: true, Next: 'Pay' }],
          Default: 'Refused',
        },
        Pay: { ...task, End: true },
        Refused: { Type: 'Fail', Error: 'Refused' },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Ask',
      States: {
        Ask: {
          Type: 'Task',
          Resource: FUNCTIONS.ask,
          HeartbeatSeconds: 3600,
          Arguments: {
            MessageBody: { token: '{% $states.context.Task.Token %}', amount: '{% $states.input.amount %}' },
          },
          Output: '{% $merge([$states.input, $states.result]) %}',
          Next: 'Approved?',
        },
        'Approved?': {
          Type: 'Choice',
          Choices: [{ Condition: '{% $states.input.approved %}', Next: 'Pay' }],
          Default: 'Refused',
        },
        Pay: { ...task, End: true },
        Refused: { Type: 'Fail', Error: 'Refused' },
      },
    },
  },
  {
    name: 'fan-out with partial failure',
    input: ['a', 'b', 'c'],
    work: [{ output: 1 }, { error: 'Bad', cause: 'b is bad' }, { output: 3 }, { output: 'told' }],
    expect: {
      status: 'SUCCEEDED',
      output: [{ ok: 1 }, { failed: 'Bad' }, { ok: 3 }],
      path: ['Each', 'Do', 'Ok', 'Do', 'Failed', 'Do', 'Ok'],
    },
    jsonpath: {
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 1,
          ItemProcessor: {
            StartAt: 'Do',
            States: {
              Do: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }], Next: 'Ok' },
              Ok: { Type: 'Pass', Parameters: { 'ok.$': '$' }, End: true },
              Failed: { Type: 'Pass', Parameters: { 'failed.$': '$.Error' }, End: true },
            },
          },
          End: true,
        },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          MaxConcurrency: 1,
          ItemProcessor: {
            StartAt: 'Do',
            States: {
              Do: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }], Next: 'Ok' },
              Ok: { Type: 'Pass', Output: { ok: '{% $states.input %}' }, End: true },
              Failed: { Type: 'Pass', Output: { failed: '{% $states.input.Error %}' }, End: true },
            },
          },
          End: true,
        },
      },
    },
  },
  {
    name: 'retry, then a dead letter',
    input: { id: 1 },
    work: [E, E, E, { output: 'kept' }],
    expect: { status: 'SUCCEEDED', output: 'kept', seconds: 30, path: ['Send', 'Keep'] },
    jsonpath: {
      StartAt: 'Send',
      States: {
        Send: {
          ...task,
          Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, MaxAttempts: 2 }],
          Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Keep' }],
          End: true,
        },
        Keep: { ...task, End: true },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Send',
      States: {
        Send: {
          ...task,
          Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, MaxAttempts: 2 }],
          Catch: [
            {
              ErrorEquals: ['States.ALL'],
              Output: '{% $merge([$states.input, {"error": $states.errorOutput}]) %}',
              Next: 'Keep',
            },
          ],
          End: true,
        },
        Keep: { ...task, End: true },
      },
    },
  },
  {
    name: 'batch in chunks, then a sum',
    input: { values: [1, 2, 3, 4, 5], size: 2 },
    work: [{ output: 3 }, { output: 7 }, { output: 5 }],
    expect: {
      status: 'SUCCEEDED',
      output: { chunks: 3, first: 3 },
      path: ['Cut', 'Each', 'Add', 'Add', 'Add', 'Sum'],
    },
    jsonpath: {
      StartAt: 'Cut',
      States: {
        Cut: {
          Type: 'Pass',
          Parameters: { 'chunks.$': 'States.ArrayPartition($.values, $.size)' },
          Next: 'Each',
        },
        Each: {
          Type: 'Map',
          ItemsPath: '$.chunks',
          MaxConcurrency: 1,
          ItemProcessor: { StartAt: 'Add', States: { Add: { ...task, End: true } } },
          Next: 'Sum',
        },
        Sum: {
          Type: 'Pass',
          Parameters: { 'chunks.$': 'States.ArrayLength($)', 'first.$': '$[0]' },
          End: true,
        },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Cut',
      States: {
        Cut: {
          Type: 'Pass',
          Output: '{% $partition($states.input.values, $states.input.size) %}',
          Next: 'Each',
        },
        Each: {
          Type: 'Map',
          Items: '{% $states.input %}',
          MaxConcurrency: 1,
          ItemProcessor: { StartAt: 'Add', States: { Add: { ...task, End: true } } },
          Next: 'Sum',
        },
        Sum: {
          Type: 'Pass',
          Output: { chunks: '{% $count($states.input) %}', first: '{% $states.input[0] %}' },
          End: true,
        },
      },
    },
  },
  {
    name: 'loop with a counter',
    input: { count: 3 },
    work: [{ output: 'x' }, { output: 'x' }, { output: 'x' }],
    expect: {
      status: 'SUCCEEDED',
      output: { done: 3 },
      path: [
        'Begin',
        'More?',
        'Step',
        'Count',
        'More?',
        'Step',
        'Count',
        'More?',
        'Step',
        'Count',
        'More?',
        'End',
      ],
    },
    jsonpath: {
      StartAt: 'Begin',
      States: {
        Begin: { Type: 'Pass', Assign: { i: 0, 'n.$': '$.count' }, Next: 'More?' },
        'More?': {
          Type: 'Choice',
          Choices: [{ Variable: '$i', NumericLessThanPath: '$n', Next: 'Step' }],
          Default: 'End',
        },
        Step: { ...task, Next: 'Count' },
        Count: { Type: 'Pass', Assign: { 'i.$': 'States.MathAdd($i, 1)' }, Next: 'More?' },
        End: { Type: 'Pass', Parameters: { 'done.$': '$i' }, End: true },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Begin',
      States: {
        Begin: { Type: 'Pass', Assign: { i: 0, n: '{% $states.input.count %}' }, Next: 'More?' },
        'More?': { Type: 'Choice', Choices: [{ Condition: '{% $i < $n %}', Next: 'Step' }], Default: 'End' },
        Step: { ...task, Next: 'Count' },
        Count: { Type: 'Pass', Assign: { i: '{% $i + 1 %}' }, Next: 'More?' },
        End: { Type: 'Pass', Output: { done: '{% $i %}' }, End: true },
      },
    },
  },
  {
    name: 'a silent worker, then a second way',
    input: { doc: 1 },
    work: ['silence', { output: 'slow but sure' }],
    expect: { status: 'SUCCEEDED', output: 'slow but sure', seconds: 10, path: ['Fast', 'Sure'] },
    jsonpath: {
      StartAt: 'Fast',
      States: {
        Fast: {
          ...task,
          HeartbeatSeconds: 10,
          Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], ResultPath: null, Next: 'Sure' }],
          End: true,
        },
        Sure: { ...task, End: true },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Fast',
      States: {
        Fast: {
          ...task,
          HeartbeatSeconds: '{% 10 %}',
          Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Output: '{% $states.input %}', Next: 'Sure' }],
          End: true,
        },
        Sure: { ...task, End: true },
      },
    },
  },
  {
    name: 'gather from many sources, one of them optional',
    input: { user: 7 },
    work: [E],
    expect: {
      status: 'SUCCEEDED',
      output: { profile: 7, extras: 'none' },
      path: ['Gather', 'Profile', 'Extras', 'NoExtras'],
    },
    jsonpath: {
      StartAt: 'Gather',
      States: {
        Gather: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'Profile', States: { Profile: { ...echo, InputPath: '$.user', End: true } } },
            {
              StartAt: 'Extras',
              States: {
                Extras: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'NoExtras' }], End: true },
                NoExtras: { Type: 'Pass', Result: 'none', End: true },
              },
            },
          ],
          ResultSelector: { 'profile.$': '$[0]', 'extras.$': '$[1]' },
          End: true,
        },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Gather',
      States: {
        Gather: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'Profile',
              States: { Profile: { ...echo, Arguments: '{% $states.input.user %}', End: true } },
            },
            {
              StartAt: 'Extras',
              States: {
                Extras: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'NoExtras' }], End: true },
                NoExtras: { Type: 'Pass', Output: 'none', End: true },
              },
            },
          ],
          Output: { profile: '{% $states.result[0] %}', extras: '{% $states.result[1] %}' },
          End: true,
        },
      },
    },
  },
  {
    name: 'a machine that takes too long as a whole',
    input: {},
    work: ['silence'],
    expect: { status: 'TIMED_OUT', seconds: 60, path: ['Forever'] },
    jsonpath: {
      StartAt: 'Forever',
      TimeoutSeconds: 60,
      States: {
        Forever: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Never' }], Next: 'Never' },
        Never: { Type: 'Succeed' },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Forever',
      TimeoutSeconds: 60,
      States: {
        Forever: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Never' }], Next: 'Never' },
        Never: { Type: 'Succeed' },
      },
    },
  },
  {
    name: 'cleaning up after a failed Parallel',
    input: 1,
    work: [{ error: 'E', cause: 'c' }, { output: 'clean' }],
    expect: {
      status: 'SUCCEEDED',
      output: { after: 'E', result: 'clean' },
      path: ['Both', 'A', 'B', 'Clean', 'Tell'],
    },
    jsonpath: {
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'A', States: { A: { ...task, End: true } } },
            { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 1000, End: true } } },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Clean' }],
          End: true,
        },
        Clean: { ...task, ResultPath: '$.result', OutputPath: '$', Parameters: {}, Next: 'Tell' },
        Tell: { Type: 'Pass', Parameters: { 'after.$': '$.Error', 'result.$': '$.result' }, End: true },
      },
    },
    jsonata: {
      QueryLanguage: 'JSONata',
      StartAt: 'Both',
      States: {
        Both: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'A', States: { A: { ...task, End: true } } },
            { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 1000, End: true } } },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Clean' }],
          End: true,
        },
        Clean: {
          ...task,
          Output: { after: '{% $states.input.Error %}', result: '{% $states.result %}' },
          Next: 'Tell',
        },
        Tell: { Type: 'Pass', End: true },
      },
    },
  },
];

/** The kinds of machine, a row for each language. */
export const machines: MachineRow[] = kinds.flatMap(({ name, input, work, expect, jsonpath, jsonata }) =>
  Object.entries({ JSONPath: jsonpath, JSONata: jsonata }).map(([language, machine]): MachineRow => ({
    does: `${name}, in ${language}`,
    from: 'AWS: Starter templates for Step Functions workflows',
    machine,
    input,
    work,
    expect: { ...expect, ...(name in machineHistories && { events: machineHistories[name] }) },
  })),
);
