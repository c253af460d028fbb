import { describe, expect, test } from '@jest/globals';
import { Activity, type Config, Handle, type StartError } from 'stepwright';
import { memoryStore } from 'stepwright/testing';
import { OPTIONS } from '../../src/framework/config/config.js';
import { type ConfigSources, resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import { flagOf, variableOf } from '../../src/framework/config/sources.js';
import type { HandlerDefinition } from '../../src/framework/declare/definition.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../../src/framework/declare/handler-options.js';
import type { Option } from '../../src/framework/declare/option-rules.js';
import { makePlan } from '../../src/framework/worker/build/plan.js';
import { activity } from '../support/work.js';

const NAME = 'Work.run';

function definitionOf(activity: HandlerOptions, handle: HandlerOptions): HandlerDefinition {
  @Activity('work', activity)
  class Work {
    @Handle(handle) run(): void {}
  }
  const { handlers, problems } = discover([Work], {});
  expect(problems).toEqual([]);
  const [definition] = handlers;
  if (!definition) throw new Error('no handler');
  return definition;
}

/** Eight values of each option, the first for the weakest source. A new option needs a row here. */
const VALUES: Readonly<Record<keyof typeof HANDLER_OPTIONS, readonly unknown[]>> = {
  concurrency: [1, 2, 3, 4, 5, 6, 7, 8],
  pollers: [1, 2, 3, 4, 5, 6, 7, 8],
  heartbeat: ['1s', '2s', '3s', '4s', '5s', '6s', '7s', '8s'],
  timeout: ['1s', '2s', '3s', '4s', '5s', '6s', '7s', '8s'],
  run: ['main', 'thread', 'process', 'main', 'thread', 'process', 'main', 'thread'],
  rate: ['1/s', '2/s', '3/s', '4/s', '5/s', '6/s', '7/s', '8/s'],
  checkpoint: [1, 2, 3, 4].map((days) => ({ store: memoryStore(), key: () => 'x', keep: `${days}d` })),
};

/** Writes a value as a text. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

type Place = (key: string, value: unknown) => Partial<ConfigSources> & { activity?: object; handle?: object };

/** Every source of options, the weakest first, with its name. */
const PLACES: readonly [string, Place][] = [
  ['the config', (key, value) => ({ config: { [key]: value } })],
  ['@Activity', (key, value) => ({ activity: { [key]: value } })],
  ['@Handle', (key, value) => ({ handle: { [key]: value } })],
  [`handlers['${NAME}']`, (key, value) => ({ config: { handlers: { [NAME]: { [key]: value } } } })],
  ['the variable', (key, value) => ({ env: { [variableOf(key)]: textOf(value) } })],
  ['the flag', (key, value) => ({ flags: { texts: { [key]: textOf(value) }, handlers: [] } })],
  [
    `STEPWRIGHT_HANDLERS['${NAME}']`,
    (key, value) => ({ env: { STEPWRIGHT_HANDLERS: JSON.stringify({ [NAME]: { [key]: value } }) } }),
  ],
  [
    `--handler ${NAME}`,
    (key, value) => ({ flags: { texts: {}, handlers: [`${NAME}.${key}=${textOf(value)}`] } }),
  ],
];

const defaultOf = (key: keyof HandlerOptions): unknown => (HANDLER_OPTIONS[key] as Option).default;

describe('of the places that set an option of a handler the strongest wins', () => {
  test.each(Object.keys(HANDLER_OPTIONS) as (keyof HandlerOptions)[])('%s', (key) => {
    // A value that no text can express is set in code alone.
    const able = (HANDLER_OPTIONS[key] as Option).text ? PLACES : PLACES.slice(0, 4);
    for (let places = 0; places <= able.length; places++) {
      const said = able.slice(0, places).map(([, place], index) => place(key, VALUES[key][index]));
      const config: Config = Object.assign({}, ...said.map((each) => each.config));
      const env = Object.assign({}, ...said.map((each) => each.env)) as ConfigSources['env'];
      const texts = Object.assign({}, ...said.map((each) => each.flags?.texts)) as Record<string, string>;
      const handlers = said.flatMap((each) => each.flags?.handlers ?? []);
      const settings = resolveConfig({ config, env, flags: { texts, handlers } });
      const definition = definitionOf(
        Object.assign({}, ...said.map((each) => each.activity)) as object,
        Object.assign({}, ...said.map((each) => each.handle)) as object,
      );
      const { value, from } = resolveHandler(definition, settings).origins[key];
      const named = { 'the variable': variableOf(key), 'the flag': flagOf(key) } as Record<string, string>;
      const [place = 'default'] = able[places - 1] ?? [];
      expect(from).toBe(named[place] ?? place);
      const wanted = VALUES[key][places - 1] ?? defaultOf(key);
      expect(value).toEqual(key === 'pollers' ? { min: places || 1, max: places || 10 } : wanted);
    }
  });
});

/** A text for each option, and the value that it means. A new option with a text form needs a row here. */
const TEXTS: Readonly<Record<string, readonly [text: string, value: unknown][]>> = {
  activities: [
    ['a/{b,c}.js', ['a/{b,c}.js']],
    ['["a.js","b.js"]', ['a.js', 'b.js']],
    ['[ab].js', ['[ab].js']],
  ],
  machines: [['["x.json"]', ['x.json']]],
  port: [['9000', 9000]],
  region: [['eu-west-1', 'eu-west-1']],
  calls: [['sdk', 'sdk']],
  createActivities: [
    ['true', true],
    ['false', false],
  ],
  reportLimit: [['5m', '5m']],
  grace: [['0s', '0s']],
  drain: [['fail', 'fail']],
  heartbeatRate: [
    ['500', 500],
    ['1.5', 1.5],
  ],
  keptExecutions: [['20', 20]],
  keptBytes: [['5000000', 5_000_000]],
  healthPort: [
    ['0', 0],
    ['0.0.0.0:8080', '0.0.0.0:8080'],
    ['[::1]:8080', '[::1]:8080'],
  ],
  healthHosts: [['worker.example.com,*.corp.example', ['worker.example.com', '*.corp.example']]],
  workerName: [['me', 'me']],
  protect: [
    ['auto', 'auto'],
    ['off', false],
    ['false', false],
  ],
  protectAfter: [['5m', '5m']],
  stallAfter: [
    ['90s', '90s'],
    ['false', false],
  ],
  run: [['thread', 'thread']],
  rate: [
    ['10/s', '10/s'],
    ['false', false],
  ],
  pool: [['{"threads":2}', { threads: 2 }]],
  concurrency: [['5', 5]],
  pollers: [
    ['5', 5],
    ['1-5', { min: 1, max: 5 }],
  ],
  heartbeat: [
    ['1s', '1s'],
    ['false', false],
    ['none', false],
  ],
  timeout: [['none', false]],
};

const sayable = Object.entries<Option>(OPTIONS).flatMap(([key, { text }]) => (text ? [key] : []));

describe('an option that a text can say', () => {
  test('has a row here', () => expect(Object.keys(TEXTS).toSorted()).toEqual(sayable.toSorted()));

  test.each(sayable)('%s: the flag wins over the variable, that over the config', (key) => {
    for (const [text, value] of TEXTS[key] ?? []) {
      const ofHandler = Object.hasOwn(HANDLER_OPTIONS, key);
      const origin = (sources: Partial<ConfigSources>) => {
        const settings = resolveConfig({ config: { concurrency: 10 }, env: {}, ...sources });
        const origins = ofHandler ? resolveHandler(definitionOf({}, {}), settings).origins : settings.origins;
        return (origins as Record<string, unknown>)[key];
      };
      const read = key === 'pollers' && typeof value === 'number' ? { min: value, max: value } : value;
      const env = { [variableOf(key)]: text };
      expect(origin({ env })).toEqual({ value: read, from: variableOf(key) });
      const flags = { texts: { [key]: text }, handlers: [] };
      const other = { [variableOf(key)]: TEXTS[key]?.[0]?.[0] };
      expect(origin({ env: other, flags })).toEqual({ value: read, from: flagOf(key) });
    }
  });

  test.each(sayable)(
    '%s: a text that means nothing is refused by the name of its flag or variable',
    (key) => {
      const text = key === 'workerName' ? 'x'.repeat(81) : '[]';
      if (key === 'activities' || key === 'machines') return; // Any text is a glob.
      expect(wheres({ env: { [variableOf(key)]: text } })).toEqual([`CONFIG_BAD_VALUE ${variableOf(key)}`]);
      expect(wheres({ flags: { texts: { [key]: text }, handlers: [] } })).toEqual([
        `CONFIG_BAD_VALUE ${flagOf(key)}`,
      ]);
      expect(wheres({ env: { [variableOf(key)]: '' } })).toEqual([]);
    },
  );
});

/** Returns the problems of a config and its flags, as `code where`. */
function wheres(sources: Partial<ConfigSources>): string[] {
  try {
    resolveConfig({ config: {}, env: {}, ...sources });
    return [];
  } catch (error) {
    return (error as StartError).problems.map(({ code, where }) => `${code} ${where}`);
  }
}

describe('options of single handlers', () => {
  const wrong: [string, Partial<ConfigSources>, string[]][] = [
    ['no JSON', { env: { STEPWRIGHT_HANDLERS: '{a' } }, ['CONFIG_BAD_VALUE STEPWRIGHT_HANDLERS']],
    [
      'JSON of another shape',
      { env: { STEPWRIGHT_HANDLERS: '[1]' } },
      ['CONFIG_BAD_VALUE STEPWRIGHT_HANDLERS'],
    ],
    [
      'a handler whose options are none',
      { env: { STEPWRIGHT_HANDLERS: '{"A.b":5}' } },
      ["CONFIG_BAD_VALUE STEPWRIGHT_HANDLERS['A.b']"],
    ],
    [
      'an unknown option, and a bad value',
      { env: { STEPWRIGHT_HANDLERS: '{"A.b":{"x":1,"timeout":5}}' } },
      [
        "CONFIG_UNKNOWN_KEY STEPWRIGHT_HANDLERS['A.b'].x",
        "CONFIG_BAD_VALUE STEPWRIGHT_HANDLERS['A.b'].timeout",
      ],
    ],
    [
      'flags without a value, of nothing, with a bad value',
      { flags: { texts: {}, handlers: ['A.b.timeout', 'timeout=5s', 'A.b.x=1', 'A.b.concurrency=0'] } },
      [
        'CONFIG_BAD_VALUE --handler',
        'CONFIG_BAD_VALUE --handler',
        'CONFIG_UNKNOWN_KEY --handler A.b.x',
        'CONFIG_BAD_VALUE --handler A.b.concurrency',
      ],
    ],
  ];
  test.each(wrong)('%s', (_, sources, expected) => {
    expect(wheres(sources)).toEqual(expected);
  });

  test.each(['Work.rn', '__proto__', 'constructor'])('a flag for an unknown handler: %s', async (handler) => {
    const flags = { texts: {}, handlers: [`${handler}.concurrency=3`] };
    const { problems, handlers } = await makePlan({
      config: { activities: [activity(() => 1)], endpoint: 'http://127.0.0.1:1' },
      env: {},
      flags,
      baseDir: process.cwd(),
    });
    expect(problems).toMatchObject([{ code: 'CONFIG_UNKNOWN_KEY', where: `--handler ${handler}` }]);
    expect(handlers).toMatchObject([{ options: { concurrency: 10 } }]);
  });

  test('flags for one handler add up, and the last of two wins', () => {
    const handlers = [`${NAME}.concurrency=3`, `${NAME}.heartbeat=false`, `${NAME}.concurrency=4`];
    const settings = resolveConfig({ config: {}, env: {}, flags: { texts: {}, handlers } });
    const { options } = resolveHandler(definitionOf({}, {}), settings);
    expect(options).toMatchObject({ concurrency: 4, heartbeatMs: false, timeoutMs: false });
  });
});
