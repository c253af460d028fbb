import { type CallEnd, strangeAnswer } from './wire.js';

/** What was read of an answer. */
export interface AnswerText {
  readonly status: number;
  /** By names in small letters. */
  readonly headers: AnswerHeaders;
  readonly text: string;
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What a whole answer says, whichever way it came. The service's own word is a JSON object that bears its mark: all
 * else is of something in between, which accepts nothing, whatever its status.
 */
export function readAnswer({ status, headers, text }: AnswerText): CallEnd {
  const read = isMarked(headers) ? parseObject(text) : undefined;
  if (read && status === 200) return { output: read };
  const type = read && nameOf(headers[ERROR_TYPE] ?? read['__type']);
  const error = read && type !== undefined ? serviceError(type, read) : strangeAnswer(status, text);
  return { failure: { error, type, status, sent: true, setup: false } };
}

/** Some of AWS's front ends answer with this header instead of a name in the body. */
const ERROR_TYPE = 'x-amzn-errortype';

/** The service sends both. */
const isMarked = (headers: AnswerHeaders): boolean =>
  headers['x-amzn-requestid'] !== undefined ||
  String(headers['content-type']).startsWith('application/x-amz-json-');

type Read = Readonly<Record<string, unknown>>;

function parseObject(text: string): Read | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Read) : undefined;
  } catch {
    return undefined;
  }
}

/** Of `com.amazonaws.swf.service.v2.model#TaskTimedOut:http://…` what stands between. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.split(',')[0]?.split(':')[0]?.split('#').at(-1) || undefined;
}

function serviceError(type: string, read: Read): Error {
  const message = read['message'] ?? read['Message'];
  return Object.assign(new Error(typeof message === 'string' ? message : type), { name: type });
}
