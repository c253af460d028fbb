import { jsonata, pass } from '../conformance/row.js';
import type { HostileBody } from './bodies.js';

/** A machine that was made up, and its input. */
export interface Generated {
  readonly machine: object;
  readonly input: unknown;
}

/** Makes up expensive machines and bodies; the same seed makes the same ones. */
export class Generator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  machine(): Generated {
    const make = this.#pick([
      () => this.#expression(),
      () => this.#expression(),
      () => this.#template(),
      () => this.#graph(),
      () => this.#map(),
    ]);
    return make();
  }

  /** A body that asks much of an operation. */
  body(): Pick<HostileBody, 'operation' | 'body'> {
    const operation = this.#pick([
      'CreateActivity',
      'StartExecution',
      'CreateStateMachine',
      'ListExecutions',
    ]);
    const unit = this.#pick(['[', '{"a":', '"x",', '1e9,', '\\u0000', '  ', '"a":{},', 'null,']);
    const times = this.#below(300_000);
    return { operation, body: `{"name":${unit.repeat(times)}` };
  }

  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.#below(list.length)] ?? list[0];
  }

  #input(): unknown {
    const n = this.#pick([1, 30, 1_000, 20_000]);
    return {
      s: this.#pick(['a', 'ab', '1', ' ', 'é']).repeat(n),
      l: Array.from({ length: n }, (_, i) => this.#pick([i, i % 7])),
      o: Object.fromEntries(Array.from({ length: Math.min(n, 5_000) }, (_, i) => [`k${i}`, i])),
    };
  }

  #expression(): Generated {
    return {
      machine: jsonata({ Type: 'Pass', Output: { x: `{% $string(${this.#tree(4)}) %}` } }),
      input: this.#input(),
    };
  }

  #number(): string {
    return this.#pick(['0', '2', '1000', '100000', '3000000', '1e12', '$count($states.input.l)']);
  }

  /** An expression of JSONata whose functions are the expensive ones. */
  #tree(depth: number): string {
    if (depth === 0)
      return this.#pick([
        '$states.input.l',
        '$states.input.s',
        '$states.input.o',
        '$states.input',
        '1',
        '"x"',
      ]);
    const a = this.#tree(depth - 1);
    const n = this.#number();
    return this.#pick<() => string>([
      () => `[1..${n}]`,
      () => `$sort(${a})`,
      () => `$distinct(${a})`,
      () => `$map(${a}, function($v) { ${this.#lambda()} })`,
      () => `$filter(${a}, function($v) { $v != ${this.#tree(depth - 1)} })`,
      () => `$reduce(${a}, function($i, $j) { $i & $j })`,
      () => `$match($string(${a}), /${this.#pattern()}/)`,
      () => `$replace($string(${a}), /${this.#pattern()}/, $string(${this.#tree(depth - 1)}))`,
      () => `$split($string(${a}), "${this.#pick(['', 'a', 'b', ','])}")`,
      () => `$join($split($string(${a}), ""), $string(${this.#tree(depth - 1)}))`,
      () => `$pad($string(${a}), ${n})`,
      () => `(${a}).(${this.#tree(depth - 1)})`,
      () => `(${a}){$string($): $}`,
      () => `(${a})^($)`,
      () => `$zip(${a}, ${this.#tree(depth - 1)})`,
      () => `$append(${a}, ${this.#tree(depth - 1)})`,
      () => `(${a} ~> |**|{"q": 1}|)`,
      () => `$formatNumber(${n}, "${this.#pick(['#,##0.00', '0e0', '#'.repeat(50), '0;(0)'])}")`,
      () =>
        `$toMillis($string(${a}), "${this.#pick(['[D]', '[Y][M]', '[H]:[m]', '[MNn] ']).repeat(1 + this.#below(12))}")`,
      () => `$formatInteger(${n}, "${this.#pick(['w', 'I', 'A', '#,##0', '1;o'])}")`,
      () =>
        `($f := function($x, $n) { $n <= 0 ? $x : $f($x & $x, $n - 1) }; $f($string(${a}), ${1 + this.#below(30)}))`,
      () => `($f := function($n) { $n <= 0 ? 0 : 1 + $f($n - 1) }; $f(${n}))`,
      () => `[${a}, ${this.#tree(depth - 1)}, ${this.#tree(depth - 1)}]`,
      () => `{"a": ${a}, "b": ${this.#tree(depth - 1)}}`,
    ])();
  }

  #lambda(): string {
    return this.#pick([
      '$v',
      '[$v, $v]',
      '$string($v)',
      '$map($states.input.l, function($w) { $w })',
      '$count($states.input.**)',
      '{"v": $v}',
    ]);
  }

  /** A regular expression of repetitions in repetitions. */
  #pattern(): string {
    const parts = Array.from({ length: 1 + this.#below(20) }, () => {
      const atom = this.#pick(['a', '[ab]', '.', '(a|a)', '(a+)', '(a*b?)', '\\w', '(?:a?)']);
      return atom + this.#pick(['', '', '?', '*', '+', '{2,40}', '{40}']);
    });
    return `${parts.join('')}${this.#pick(['', '$', 'c', '\\1'])}`;
  }

  #template(): Generated {
    const keys = this.#pick([1, 100, 3_000, 20_000]);
    const calls = Array.from({ length: Math.min(keys, 20) }, () => this.#call(3));
    const Parameters = Object.fromEntries(
      Array.from({ length: keys }, (_, i) => [`k${i}.$`, calls[i % calls.length]]),
    );
    return { machine: pass({ Parameters }), input: this.#input() };
  }

  /** A call of intrinsic functions in each other. */
  #call(depth: number): string {
    if (depth === 0) return this.#pick(['$.l', '$.s', '$', '1', "'a'", '$..*', '$.l[*]', '$.l[?(@ > 1)]']);
    const a = this.#call(depth - 1);
    return this.#pick<() => string>([
      () => `States.ArrayLength(${a})`,
      () => `States.ArrayUnique(${a})`,
      () => `States.ArrayContains(${a}, ${this.#call(0)})`,
      () => `States.ArrayPartition(${a}, 2)`,
      () => `States.StringSplit(${a}, 'ab')`,
      () => `States.JsonToString(${a})`,
      () => `States.Array(${a}, ${this.#call(depth - 1)}, ${a})`,
      () => `States.Format('{}{}', ${a}, ${a})`,
      () => 'States.ArrayRange(1, 1000, 1)',
      () => `States.Hash(${a}, 'SHA-512')`,
      () => `States.JsonMerge(${a}, ${a}, false)`,
    ])();
  }

  /** States that lead to each other at random. */
  #graph(): Generated {
    const count = this.#pick([3, 100, 5_000]);
    const name = (): string => `S${this.#below(count + this.#pick([0, 0, 10]))}`;
    const States: Record<string, object> = { End: { Type: 'Succeed' } };
    for (let i = 0; i < count; i++) {
      States[`S${i}`] = this.#pick<() => object>([
        () => ({ Type: 'Pass', Next: i + 1 < count ? `S${i + 1}` : 'End' }),
        () => ({ Type: 'Pass', Assign: { [`v${i % 50}.$`]: '$' }, Next: name() }),
        () => ({
          Type: 'Choice',
          Choices: [{ Variable: '$.s', IsPresent: this.#random() < 0.5, Next: name() }],
          Default: i + 1 < count ? `S${i + 1}` : 'End',
        }),
      ])();
    }
    return { machine: { StartAt: 'S0', States }, input: this.#input() };
  }

  #map(): Generated {
    const inner = (depth: number): object => ({
      Type: this.#pick(['Map', 'Map', 'Pass']),
      ...(depth > 0 && {
        ItemsPath: '$.l',
        ItemSelector: { 'l.$': '$.l', 's.$': '$.s', 'i.$': '$$.Map.Item.Index' },
        ItemProcessor: {
          StartAt: `I${depth}`,
          States: { [`I${depth}`]: { ...inner(depth - 1), End: true } },
        },
      }),
    });
    const made = inner(3);
    const state = JSON.parse(JSON.stringify(made, withoutMapFields)) as object;
    return { machine: { StartAt: 'X', States: { X: { ...state, End: true } } }, input: this.#input() };
  }
}

/** Leaves a Pass without the fields of a Map, and a Map without a processor as a Pass. */
function withoutMapFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('Type' in value)) return value;
  if (value.Type === 'Map' && 'ItemProcessor' in value) return value;
  return { Type: 'Pass', ...('End' in value && { End: true }) };
}
