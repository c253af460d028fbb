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
  console.log('\nNeeds                  tests  passed  failed  excepted  skipped  not ours  share  with moto as it is');
  for (const [need, row] of rows) console.log(`${need.padEnd(21)}${lineOf(row, recordings, standIn)}`);
  const histories = tests.flatMap(({ histories = {} }) => Object.values(histories));
  const same = histories.filter(Boolean).length;
  console.log(`histories that tests reached: ${histories.length}, the same as recorded: ${same}`);
}

/** "not ours" are the skipped tests that LocalStack skips itself. */
function lineOf(row, recordings, standIn) {
  const having = (wanted) => row.filter(({ outcome }) => outcome === wanted);
  const excepted = having('failed').filter(({ name }) => name in recordings).length;
  const skipped = having('skipped');
  const passed = having('passed').length;
  const uncorrected = having('passed').filter(({ name }) => !(name in standIn)).length;
  const counts = [row.length, passed, having('failed').length - excepted, excepted, skipped.length];
  const theirs = skipped.filter(({ reason }) => !reason.startsWith('needs ')).length;
  const shares = [passed, uncorrected].map((count) => `${((100 * count) / row.length).toFixed(1)} %`);
  return [...counts, theirs, ...shares].map((text, index) => String(text).padStart([7, 8, 8, 10, 9, 10, 9, 9][index])).join('');
}
