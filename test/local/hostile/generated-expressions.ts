import type { Random } from './random.js';

function number(random: Random): string {
  return random.pick(['0', '2', '1000', '100000', '3000000', '1e12', '$count($states.input.l)']);
}

/** An expression of JSONata whose functions are the expensive ones. */
export function tree(random: Random, depth: number): string {
  if (depth === 0)
    return random.pick([
      '$states.input.l',
      '$states.input.s',
      '$states.input.o',
      '$states.input',
      '1',
      '"x"',
    ]);
  const a = tree(random, depth - 1);
  const n = number(random);
  return random.pick<() => string>([
    () => `[1..${n}]`,
    () => `$sort(${a})`,
    () => `$distinct(${a})`,
    () => `$map(${a}, function($v) { ${lambda(random)} })`,
    () => `$filter(${a}, function($v) { $v != ${tree(random, depth - 1)} })`,
    () => `$reduce(${a}, function($i, $j) { $i & $j })`,
    () => `$match($string(${a}), /${pattern(random)}/)`,
    () => `$replace($string(${a}), /${pattern(random)}/, $string(${tree(random, depth - 1)}))`,
    () => `$split($string(${a}), "${random.pick(['', 'a', 'b', ','])}")`,
    () => `$join($split($string(${a}), ""), $string(${tree(random, depth - 1)}))`,
    () => `$pad($string(${a}), ${n})`,
    () => `(${a}).(${tree(random, depth - 1)})`,
    () => `(${a}){$string($): $}`,
    () => `(${a})^($)`,
    () => `$zip(${a}, ${tree(random, depth - 1)})`,
    () => `$append(${a}, ${tree(random, depth - 1)})`,
    () => `(${a} ~> |**|{"q": 1}|)`,
    () => `$formatNumber(${n}, "${random.pick(['#,##0.00', '0e0', '#'.repeat(50), '0;(0)'])}")`,
    () =>
      `$toMillis($string(${a}), "${random.pick(['[D]', '[Y][M]', '[H]:[m]', '[MNn] ']).repeat(1 + random.below(12))}")`,
    () => `$formatInteger(${n}, "${random.pick(['w', 'I', 'A', '#,##0', '1;o'])}")`,
    () =>
      `($f := function($x, $n) { $n <= 0 ? $x : $f($x & $x, $n - 1) }; $f($string(${a}), ${1 + random.below(30)}))`,
    () => `($f := function($n) { $n <= 0 ? 0 : 1 + $f($n - 1) }; $f(${n}))`,
    () => `[${a}, ${tree(random, depth - 1)}, ${tree(random, depth - 1)}]`,
    () => `{"a": ${a}, "b": ${tree(random, depth - 1)}}`,
  ])();
}

function lambda(random: Random): string {
  return random.pick([
    '$v',
    '[$v, $v]',
    '$string($v)',
    '$map($states.input.l, function($w) { $w })',
    '$count($states.input.**)',
    '{"v": $v}',
  ]);
}

/** A regular expression of repetitions in repetitions. */
function pattern(random: Random): string {
  const parts = Array.from({ length: 1 + random.below(20) }, () => {
    const atom = random.pick(['a', '[ab]', '.', '(a|a)', '(a+)', '(a*b?)', '\\w', '(?:a?)']);
    return atom + random.pick(['', '', '?', '*', '+', '{2,40}', '{40}']);
  });
  return `${parts.join('')}${random.pick(['', '$', 'c', '\\1'])}`;
}

/** A call of intrinsic functions in each other. */
export function call(random: Random, depth: number): string {
  if (depth === 0) return random.pick(['$.l', '$.s', '$', '1', "'a'", '$..*', '$.l[*]', '$.l[?(@ > 1)]']);
  const a = call(random, depth - 1);
  return random.pick<() => string>([
    () => `States.ArrayLength(${a})`,
    () => `States.ArrayUnique(${a})`,
    () => `States.ArrayContains(${a}, ${call(random, 0)})`,
    () => `States.ArrayPartition(${a}, 2)`,
    () => `States.StringSplit(${a}, 'ab')`,
    () => `States.JsonToString(${a})`,
    () => `States.Array(${a}, ${call(random, depth - 1)}, ${a})`,
    () => `States.Format('{}{}', ${a}, ${a})`,
    () => 'States.ArrayRange(1, 1000, 1)',
    () => `States.Hash(${a}, 'SHA-512')`,
    () => `States.JsonMerge(${a}, ${a}, false)`,
  ])();
}
