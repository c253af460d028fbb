import { type CallEnd, strangeAnswer } from '../wire.js';

/** What was read of an answer. */
export interface AnswerText {
  readonly status: number;
  /** The header `x-amzn-errortype`, which some of AWS's front ends answer with instead of a name in the body. */
  readonly errorType: string | undefined;
  readonly text: string;
}

/** What a whole answer says. Only JSON is the service's own word. */
export function readAnswer({ status, errorType, text }: AnswerText): CallEnd {
  const read = text === '' ? {} : parseObject(text);
  if (status < 300 && read) return { output: read };
  const type = read && status >= 300 ? nameOf(errorType ?? read['__type'] ?? read['code']) : undefined;
  const error =
    read && type !== undefined ? serviceError(type, read) : strangeAnswer(status, read ? undefined : text);
  return { failure: { error, type, status, sent: true, setup: false } };
}

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
