#!/usr/bin/env node
// Checks which state machines of a checkout of aws-samples/step-functions-workflows-collection the local service
// accepts. They are public, and aren't part of this project. Exits 1 if one that isn't in exceptions.json is refused.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compileMachine } from 'stepwright/local';

const [from] = process.argv.slice(2);
if (from === undefined) {
  console.log('##### SKIPPED: no checkout is named, so that published state machines were NOT checked #####');
  process.exit(0);
}

/** Fills in the placeholders that a template replaces when the machine is deployed. */
function fill(text) {
  return text
    .replaceAll(/("Resource"\s*:\s*)"\$\{([^}]+)\}"/g, (_, begin, name) => `${begin}"${arnOf(name)}"`)
    .replaceAll(/\$\{AWS::Region\}/g, 'us-east-1')
    .replaceAll(/\$\{(?:AWS::|\w*)[Pp]artition\}/g, 'aws')
    .replaceAll(/\$\{([^}]+)\}/g, (_, name) => (/seconds|count|number|max/i.test(name) ? '5' : plain(name)));
}

const plain = (name) => name.replaceAll(/\W/g, '');
const arnOf = (name) => `arn:aws:lambda:us-east-1:123456789012:function:${plain(name)}`;

/** Returns false for JSON that is no state machine. A text that is no JSON counts as one. */
function isMachine(text) {
  try {
    return 'StartAt' in JSON.parse(text);
  } catch {
    return true;
  }
}

/** Returns why a machine is refused; undefined if it is accepted. */
function problemOf(text) {
  try {
    compileMachine(text);
    return undefined;
  } catch (error) {
    return String(error.message).slice(0, 300);
  }
}

const folder = resolve(from);
const { published } = JSON.parse(readFileSync(new URL('exceptions.json', import.meta.url), 'utf8'));
const counts = { accepted: 0, excepted: 0, failed: 0 };
for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.json')) continue;
  const text = fill(readFileSync(join(folder, path), 'utf8'));
  if (!/"StartAt"/.test(text) || !/"States"/.test(text) || !isMachine(text)) continue;
  const problem = problemOf(text);
  if (problem === undefined) counts.accepted++;
  else if (path in published) counts.excepted++;
  else counts.failed++;
  if (problem !== undefined) console.log(`${path}: ${published[path] ?? problem}`);
}
console.log(`published: ${counts.accepted} accepted, ${counts.excepted} excepted, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.accepted > 0 ? 0 : 1;
