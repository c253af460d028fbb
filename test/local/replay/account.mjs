import * as sdk from '@aws-sdk/client-sfn';

/** What a test may need besides Step Functions alone, of what the local service has. */
const OURS = ['Distributed Map', 'EXPRESS', 'nested executions', 'functions', 'queues', 'objects'];

/**
 * Prints how many tests passed by what they need, which `needs.py` takes from their calls and definitions. A test stands
 * in the row of each thing that it needs, and once in the rows below.
 */
export function printAccount(results, recordings, standIn) {
  const tests = Object.entries(results).map(([name, result]) => ({ name, ...result }));
  const ours = tests.filter(({ needs }) => needs.some((need) => OURS.includes(need)));
  const alone = tests.filter(({ needs }) => needs.length === 0);
  const others = tests.filter((test) => !ours.includes(test) && !alone.includes(test));
  const rows = OURS.map((need) => [need, tests.filter(({ needs }) => needs.includes(need))]);
  rows.push(['one of these', ours], ['other services only', others], ['Step Functions alone', alone]);
  console.log(
    '\nNeeds                  tests  passed  failed  excepted  skipped    share  with moto as it is',
  );
  for (const [need, row] of rows) console.log(`${need.padEnd(21)}${lineOf(row, recordings, standIn)}`);
  const histories = tests.flatMap(({ histories = {} }) => Object.values(histories));
  const same = histories.filter(Boolean).length;
  console.log(`histories that tests reached: ${histories.length}, the same as recorded: ${same}`);
  printOperations(tests);
}

function printOperations(tests) {
  const passed = tests.filter(({ outcome }) => outcome === 'passed');
  const called = new Set(passed.flatMap(({ operations = [] }) => operations));
  const all = Object.keys(sdk).flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? []);
  const missing = all.filter((name) => !called.has(name));
  const rest = missing.length > 0 ? `, not ${missing.join(', ')}` : '';
  console.log(`operations that passed tests call: ${all.length - missing.length} of ${all.length}${rest}`);
}

function lineOf(row, recordings, standIn) {
  const having = (wanted) => row.filter(({ outcome }) => outcome === wanted);
  const excepted = having('failed').filter(({ name }) => name in recordings).length;
  const passed = having('passed').length;
  const uncorrected = having('passed').filter(({ name }) => !(name in standIn)).length;
  const counts = [row.length, passed, having('failed').length - excepted, excepted, having('skipped').length];
  const shares = [passed, uncorrected].map((count) => `${((100 * count) / (row.length || 1)).toFixed(1)} %`);
  const widths = [7, 8, 8, 10, 9, 9, 9];
  return [...counts, ...shares].map((text, index) => String(text).padStart(widths[index])).join('');
}
