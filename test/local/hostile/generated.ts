import { jsonata, one, pass } from '../conformance/row.js';
import type { HostileBody } from './bodies.js';
import { call, tree } from './generated-expressions.js';
import { Random } from './random.js';

/** A machine that was made up, and its input. */
export interface Generated {
  readonly machine: object;
  readonly input: unknown;
}

const ARN = 'arn:aws:states:us-east-1:123456789012:';

/** Makes up expensive machines and bodies; the same seed makes the same ones. */
export class Generator {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  machine(): Generated {
    const make = this.#random.pick([
      () => jsonata({ Type: 'Pass', Output: { x: this.#expression() } }),
      () => jsonata({ Type: 'Pass', Output: this.#random.list(20, () => this.#expression()) }),
      () => this.#template(),
      () => this.#graph(),
      () => one(this.#map(3)),
      () => this.#loop(),
    ]);
    return { machine: make(), input: this.#input() };
  }

  /** A body that asks much of an operation. */
  body(): Pick<HostileBody, 'operation' | 'body'> {
    const random = this.#random;
    const operation = random.pick([
      'CreateActivity',
      'StartExecution',
      'CreateStateMachine',
      'ListExecutions',
      'ValidateStateMachineDefinition',
      'SendTaskSuccess',
      'GetExecutionHistory',
      'TagResource',
    ]);
    const unit = random.pick(['[', '{"a":', '"x",', '1e9,', '\\u0000', '  ', '"a":{},', 'null,', 'é', '"']);
    const text = unit.repeat(random.below(300_000));
    const field = random.pick(['name', 'input', 'definition', 'stateMachineArn', 'nextToken', 'taskToken']);
    return {
      operation,
      body: random.pick([
        `{"${field}":${text}`,
        JSON.stringify({ [field]: text, roleArn: `${ARN}role/any` }),
        JSON.stringify({ name: 'M', roleArn: `${ARN}role/any`, definition: JSON.stringify(this.#graph()) }),
      ]),
    };
  }

  #input(): unknown {
    const random = this.#random;
    const n = random.pick([1, 30, 1_000, 20_000]);
    return {
      s: random.pick(['a', 'ab', '1', ' ', 'é']).repeat(n),
      l: Array.from({ length: n }, (_, i) => random.pick([i, i % 7])),
      o: Object.fromEntries(Array.from({ length: Math.min(n, 5_000) }, (_, i) => [`k${i}`, i])),
    };
  }

  #expression(): string {
    return `{% $string(${tree(this.#random, 1 + this.#random.below(4))}) %}`;
  }

  #template(): object {
    const keys = this.#random.pick([1, 100, 3_000, 20_000]);
    const calls = Array.from({ length: Math.min(keys, 20) }, () => call(this.#random, 3));
    return pass({
      Parameters: Object.fromEntries(
        Array.from({ length: keys }, (_, i) => [`k${i}.$`, calls[i % calls.length]]),
      ),
    });
  }

  /** States that follow each other, with jumps; now and then one that leads nowhere. */
  #graph(): object {
    const random = this.#random;
    const count = random.pick([3, 100, 2_000]);
    const States: Record<string, object> = { End: { Type: 'Succeed' } };
    const name = (): string => (random.below(20_000) === 0 ? 'Nowhere' : `S${random.below(count)}`);
    for (let i = 0; i < count; i++) {
      const Next = i + 1 < count ? `S${i + 1}` : 'End';
      States[`S${i}`] = random.pick<() => object>([
        () => ({ Type: 'Pass', Next }),
        () => ({ Type: 'Pass', Assign: { [`v${i % 50}.$`]: '$' }, Next }),
        () => ({ Type: 'Pass', QueryLanguage: 'JSONata', Assign: { w: '{% $states.input %}' }, Next }),
        () => ({ Type: 'Wait', Seconds: 0, Next }),
        () => ({ Type: 'Choice', Choices: [{ ...this.#rule(), Next: name() }], Default: Next }),
      ])();
    }
    return { StartAt: 'S0', States };
  }

  #rule(): object {
    const next = this.#random.next();
    return this.#random.pick<object>([
      { Variable: '$.s', IsPresent: next < 0.5 },
      { Variable: '$.s', StringMatches: '*a*a*a*a*a*b' },
      { Variable: '$.l[0]', NumericGreaterThanPath: '$.l[1]' },
      { Not: { And: [{ Variable: '$..*', IsNull: next < 0.5 }] } },
    ]);
  }

  /** A loop whose states take their time, for as long as it may. */
  #loop(): object {
    const random = this.#random;
    const step = random.pick<() => object>([
      () => ({
        QueryLanguage: 'JSONata',
        Output: { ...KEPT, x: this.#expression() },
      }),
      () => ({ QueryLanguage: 'JSONata', Assign: { x: this.#expression() } }),
      () => ({ Parameters: { 'x.$': call(random, 2) }, ResultPath: null }),
      () => ({ Parameters: { 's.$': '$.s', 'l.$': '$.l', 'o.$': '$.o', 'x.$': call(random, 1) } }),
    ]);
    const again = { Variable: '$.never', IsPresent: true, Next: 'Z' };
    return {
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', ...step(), Next: 'Y' },
        Y: { Type: 'Choice', Choices: [again], Default: 'X' },
        Z: { Type: 'Succeed' },
      },
    };
  }

  #map(depth: number): object {
    const random = this.#random;
    if (depth === 0 || random.below(4) === 0)
      return random.pick<object>([
        { Type: 'Pass' },
        { Type: 'Pass', QueryLanguage: 'JSONata', Output: this.#expression() },
        { Type: 'Pass', Parameters: { 'x.$': call(random, 2) } },
      ]);
    const inside = (): object => {
      const name = `I${depth}${random.next()}`;
      return { StartAt: name, States: { [name]: { ...this.#map(depth - 1), End: true } } };
    };
    const caught = random.below(2) === 0 && {
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, MaxAttempts: random.below(2) }],
    };
    return random.pick<() => object>([
      () => ({
        Type: 'Map',
        ItemsPath: '$.l',
        ItemSelector: { 'l.$': '$.l', 's.$': '$.s', 'o.$': '$.o', 'i.$': '$$.Map.Item.Index' },
        ItemProcessor: inside(),
        ...caught,
      }),
      () => ({ Type: 'Parallel', Branches: random.list(30, inside), ...caught }),
    ])();
  }
}

const KEPT = { s: '{% $states.input.s %}', l: '{% $states.input.l %}', o: '{% $states.input.o %}' };
