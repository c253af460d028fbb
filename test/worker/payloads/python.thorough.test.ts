import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { page } from '../../docs/markdown.js';
import { countedStore } from './store.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const [CODE = ''] = page('docs/payloads.md').fences.flatMap(({ code }) =>
  code.includes('hashlib') ? code : [],
);

/** Runs the code of the documentation, then a script that has `given` and sets `result`. */
function python(script: string, given: unknown): unknown {
  const code = `${CODE}\nimport base64, sys\ngiven = json.load(sys.stdin)\n${script}\nprint(json.dumps(result))`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', code], {
    input: JSON.stringify(given),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

let seen: unknown;

@Activity('Echo')
class Echo {
  @Handle({ input: 'any', inline: ['id'] })
  echo(input: unknown): unknown {
    seen = input;
    return input;
  }
}

const VALUE = {
  id: 'ünïcode \u{1f600}',
  list: [1, 2.5, null, true, { $stepwright: 'mine' }],
  text: 'x'.repeat(300_000),
};

if (!hasPython) console.warn('python3 is not there: what the documentation shows in Python is not run');

(hasPython ? describe : describe.skip)("the documentation's Python", () => {
  test('is short, writes what a worker reads, and reads what it writes', async () => {
    expect(CODE.split('\n').length).toBeLessThanOrEqual(28);
    const store = countedStore();
    await using bed = await createTestBed(Echo, { payloads: { store } });
    const [input, key, payload] = python(
      `puts = []
wrote = write(given, "memory:", lambda key, body: puts.append((key, body)), ["id"])
result = [wrote, puts[0][0], base64.b64encode(puts[0][1]).decode()]`,
      VALUE,
    ) as [object, string, string];
    await store.put(key, Buffer.from(payload, 'base64'));
    const outcome = await bed.runText(JSON.stringify({ ...input, added: [input] }));
    expect(seen).toEqual({ ...VALUE, added: [VALUE] });
    if (outcome.status !== 'succeeded') throw new Error('the task failed');
    const written = await store.get(store.writes.at(-1) ?? '');
    const objects = { [store.writes.at(-1) ?? '']: Buffer.from(written?.value ?? '').toString('base64') };
    const back = python(
      `result = read(given["sent"], "memory:", lambda key: base64.b64decode(given["objects"][key]))`,
      { sent: outcome.sent, objects },
    );
    expect(back).toEqual({ ...VALUE, added: [VALUE] });
  });

  test('refuses other stores and other contents', () => {
    const read = (uri: string, body: string): unknown =>
      python(
        `asked = []
def get(key):
    asked.append(key)
    return given["body"].encode()
reference = {"uri": given["uri"], "sha256": "${'0'.repeat(64)}", "bytes": 2}
try:
    result = read([{"$stepwright": reference}], "s3://mine", get)
except ValueError as error:
    result = [str(error), len(asked)]`,
        { uri, body },
      );
    const own = `s3://mine/payloads/${'0'.repeat(64)}`;
    expect(read('file:///etc/passwd', '{}')).toEqual(['not a payload of this store: file:///etc/passwd', 0]);
    expect(read(own, '{}')).toEqual([`not a payload of this store: ${own}`, 1]);
  });
});
