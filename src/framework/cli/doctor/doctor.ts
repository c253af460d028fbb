import { systemClock } from '../../base/time/clock.js';
import type { Flags } from '../../config/layers.js';
import { examine } from './examine.js';
import type { Finding, Verdict } from './finding.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { throwProblems } from '../../base/errors.js';
import { write } from '../output/stdout.js';
import { readWorker } from '../project/project.js';

/** The flags that only `doctor` has. */
export interface DoctorFlags {
  /** The time that the user's platform waits between SIGTERM and SIGKILL, as a duration such as `30s`. */
  readonly stopTimeout?: string;
  readonly json?: true;
}

/**
 * Examines what a worker needs, and prints the findings. Doesn't start a worker, and takes no task.
 * @returns the exit code: 1 if any finding is a fault, otherwise 0
 */
export async function doctor(flags: Flags, { stopTimeout, json }: DoctorFlags): Promise<number> {
  const stopTimeoutMs = readStopTimeout(stopTimeout);
  const findings = await find(flags, stopTimeoutMs);
  await write(json ? asJson(findings) : asText(findings));
  return count(findings, 'fault') > 0 ? 1 : 0;
}

function readStopTimeout(text: string | undefined): number | undefined {
  const ms = parseDuration(text);
  if (text !== undefined && ms === undefined)
    throw new Error(`--stop-timeout: expected ${DURATION_EXPECTED}, got '${text}'`);
  return ms;
}

/** @throws StartError with the problems that a start would tell */
async function find(flags: Flags, stopTimeoutMs: number | undefined): Promise<Finding[]> {
  const { plan, projectDir } = await readWorker(flags);
  throwProblems(plan.problems);
  return examine({ plan, projectDir }, { clock: systemClock, env: process.env, stopTimeoutMs });
}

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  fault: 'FAULT',
  warning: 'warning',
  unknown: '?',
};
const WIDTH = Math.max(...Object.values(WORDS).map(({ length }) => length)) + 2;

const count = (findings: readonly Finding[], verdict: Verdict): number =>
  findings.filter((each) => each.verdict === verdict).length;

const asJson = (findings: readonly Finding[]): string => {
  const [faults, warnings, unchecked] = (['fault', 'warning', 'unknown'] as const).map((verdict) =>
    count(findings, verdict),
  );
  return `${JSON.stringify({ faults, warnings, unchecked, findings }, null, 2)}\n`;
};

function asText(findings: readonly Finding[]): string {
  const number = (verdict: Verdict, one: string, many: string): string => {
    const found = count(findings, verdict);
    return `${found} ${found === 1 ? one : many}`;
  };
  const sum = [
    number('fault', 'fault', 'faults'),
    number('warning', 'warning', 'warnings'),
    number('unknown', 'not checked', 'not checked'),
  ];
  return `${findings.map(line).join('\n')}\n\n${findings.length} looked at: ${sum.join(', ')}\n`;
}

function line({ verdict, check, subject, expected, got, fix }: Finding): string {
  const head = `${WORDS[verdict].padEnd(WIDTH)}${check}: ${subject}`;
  if (verdict === 'ok') return `${head}: ${got}`;
  const came = `${verdict === 'unknown' ? 'not checked:' : 'got'} ${got}`;
  const lines = [`expected ${expected}`, came, ...(fix === undefined ? [] : [`Fix: ${fix}`])];
  const indent = ' '.repeat(WIDTH);
  return [head, ...lines.map((each) => indent + each.replaceAll('\n', `\n${indent}`))].join('\n');
}
