import { parseJson } from '../../base/json.js';

const MASK = '(masked)';

/** The task tokens of Step Functions, by what all of them have at or near their beginning. */
const TOKENS = /(?:AQC[\w+/]{0,5})?AAAAKgAAAA[\w+/=%-]{40,}/g;

/** The keys of values that open something. */
const SECRET_KEY =
  /^(?:task_?token|secret_?access_?key|(?:aws_?)?session_?token|authorization|x-api-key|password)$/i;

/** A key of a definition whose value has the token of a callback. The syntax of JSONPath adds `.$` to the key. */
const TOKEN_KEY = /"([^"\\]+?)(?:\.\$)?"\s*:\s*"[^"]*\bTask\.Token\b/g;

/**
 * Replaces task tokens and credentials in what an execution has recorded: texts that look like a token, and values of keys
 * such as `taskToken` and `secretAccessKey`, also in JSON inside of strings.
 */
export class Secrets {
  /** The number of values that were replaced. */
  count = 0;
  readonly #tokenKeys: ReadonlySet<string>;

  /** @param definition that of the machine. The parameters in which it puts a token are replaced too */
  constructor(definition: string) {
    this.#tokenKeys = new Set([...definition.matchAll(TOKEN_KEY)].map(([, key = '']) => key));
  }

  /** Returns the value without secrets. Texts that have none stay as they are, to the letter. */
  mask<T>(value: T, eventType = ''): T {
    return this.#masked(value, '', eventType.endsWith('Scheduled')) as T;
  }

  #masked(value: unknown, key: string, isParameter: boolean): unknown {
    if (typeof value === 'string') {
      const isSecret = SECRET_KEY.test(key) || (isParameter && this.#tokenKeys.has(key));
      return isSecret ? this.#replaced() : this.#text(value, isParameter);
    }
    if (Array.isArray(value)) return value.map((each) => this.#masked(each, key, isParameter));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, each]) => [
      name,
      this.#masked(each, name, isParameter),
    ]);
    return Object.fromEntries(entries) as unknown;
  }

  #text(text: string, isParameter: boolean): string {
    const before = this.count;
    const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
    if (json === undefined) return text.replaceAll(TOKENS, () => this.#replaced());
    const masked = this.#masked(json, '', isParameter);
    return this.count === before ? text : JSON.stringify(masked);
  }

  #replaced(): string {
    this.count++;
    return MASK;
  }
}
