/** The most differences that are printed of one recording. */
const LINES_SHOWN = 12;
const WIDTH_SHOWN = 400;

/**
 * Prints which recordings the service's answers equal, by file, and those that differ.
 * @param whole true if the whole suite was replayed. An exception that wasn't met is then a failure too
 * @returns the exit code
 */
export function summarize(results, exceptions, whole) {
  const entries = Object.entries(results);
  const files = group(entries);
  for (const [file, tests] of files) console.log(lineOf(file, tests, exceptions));
  printSkipped(entries);
  const failed = entries.filter(([, { outcome }]) => outcome === 'failed');
  printExceptions(failed, exceptions);
  const news = failed.filter(([name]) => !(name in exceptions.recordings));
  for (const [name, { reason }] of news) printDifferences(name, reason);
  const stale = staleOf(results, exceptions, whole);
  for (const name of stale) console.log(`FAILED ${name} is in exceptions.json, and passes or isn't there`);
  const passed = entries.filter(([, { outcome }]) => outcome === 'passed').length;
  const without = entries.filter(
    ([, { outcome, without = [] }]) => outcome === 'passed' && without.length > 0,
  );
  console.log(
    `${without.length} of the passed ones are older than a member of an answer, which isn't compared`,
  );
  const skipped = entries.length - passed - failed.length;
  console.log(`recordings: ${passed} passed, ${news.length + stale.length} failed, ${skipped} skipped`);
  return news.length + stale.length === 0 && passed > 0 ? 0 : 1;
}

const fileOf = ([name]) => name.split('::')[0];

function group(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const file = fileOf(entry);
    groups.set(file, [...(groups.get(file) ?? []), entry]);
  }
  return groups;
}

function lineOf(file, tests, { recordings }) {
  const count = (wanted) => tests.filter(([, { outcome }]) => outcome === wanted).length;
  const excepted = tests.filter(([name, { outcome }]) => outcome === 'failed' && name in recordings).length;
  const alone = tests.length - count('skipped');
  const more = [
    excepted > 0 && `${excepted} excepted`,
    count('skipped') > 0 && `${count('skipped')} need something else`,
  ].filter(Boolean);
  return `${file}: ${count('passed')} of ${alone}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

function printSkipped(entries) {
  const reasons = new Map();
  for (const [, { outcome, reason }] of entries)
    if (outcome === 'skipped') reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  console.log('\nNot replayed, by what they need besides Step Functions as it is here:');
  for (const [reason, count] of [...reasons].sort(([, a], [, b]) => b - a))
    console.log(`  ${count} ${reason}`);
}

function printExceptions(failed, { recordings }) {
  console.log('\nExceptions:');
  for (const [name] of failed) if (name in recordings) console.log(`  ${name}: ${recordings[name]}`);
  console.log('');
}

function printDifferences(name, lines) {
  console.log(`FAILED ${name}`);
  for (const line of lines.slice(0, LINES_SHOWN)) console.log(`       ${line.slice(0, WIDTH_SHOWN)}`);
}

function staleOf(results, { recordings }, whole) {
  return Object.keys(recordings).filter((name) =>
    name in results ? results[name].outcome === 'passed' : whole,
  );
}
