import { parseJson } from '../../base/json.js';

const MASK = '(masked)';

/** The task tokens of Step Functions, by what all of them have at or near their beginning. */
const TOKENS = /(?:AQC[\w+/]{0,5})?AAAAKgAAAA[\w+/=%-]{40,}/g;

/**
 * Texts that open something wherever they stand: the ids of access keys, signed tokens (RFC 7519), private keys, and what
 * follows the word Bearer.
 */
const CREDENTIALS =
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\beyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?|(?<=\bBearer )(?=[\w.~+/-]{0,200}\d)[\w.~+/-]{8,}=*/g;

/** The user and the password in a URL, and in the option of curl. */
const URL_PASSWORD =
  /(?<=:\/\/)[^\s/@"]{0,200}:[^\s/@"]{1,200}(?=@)|(?<=\s-u ["']?)[^\s"':]{1,200}:[^\s"']+/g;

/** A parameter of a URL. */
const PARAMETER = /(?<=[?&])([\w.-]{1,100})=/g;

/** A name before a value that ends at a space: in a URL, a form, an `.env` text, a connection string, JSON, a command. */
const ASSIGNED = /(?<![\w.-])([\w.-]{1,100})(?:=|\\*["'] ?: ?|(?<=--[\w-]{1,100}) +)\\*["']?/g;

/** A name before a value that takes the rest of the line, or of what stands in quotes: of a header, in YAML. */
const HEADER = /(?<=^\s*(?:[->] )?|["'])([\w.-]{1,100}) ?: +["']?/gm;

/** The values behind them. An expression or a place of `States.Format` is none. */
const ASSIGNED_VALUE = /(?!\{[%}])(?:(?<=")[^"\n\\]+|(?<=')[^'\n\\]+|[^\s&;,"'#{\\][^\s&;,"'#\\]*)/y;
const HEADER_VALUE = /(?!\{[%}])[^"'\n]+/y;

/** Keys whose values open something, in small letters and digits alone. */
const SECRET_KEY =
  /pass(?:word|wd|phrase)|pwd$|secret|(?:api|access|private|account)key|authorization$|cookie$|signature$|credentials?$|(?<!next|client|request|page|pagination|continuation|start|sync)token$/;

/** Words that say so only as the last one of a key: `dbPass`, and not `bypass`. */
const SECRET_WORD = /(?:^|[^a-z])(?:pass|auth|jwt|bearer|otp)$/;

/** Keys with one of these words whose values only name a secret, or tell something of it. */
const PUBLIC_KEY = /(?:arn|name|version|versionid|url|uri|(?<!key)id)$/;

/** The fields of an object that is a name with a value, such as a header or a variable of a container. */
const PAIR_NAME = /^(?:name|key|header|headername|parametername|parameterkey)$/i;
const PAIR_VALUE = /^(?:values?|parametervalue)$/i;

/** The fields of a definition that have data, not states. */
const DATA_FIELDS = new Set(
  'Parameters Arguments Result ResultSelector ItemSelector BatchInput Assign Output Items'.split(' '),
);

/** A key of a definition whose value has the token of a callback. The syntax of JSONPath adds `.$` to the key. */
const TOKEN_KEY = /"([^"\\]+?)(?:\.\$)?"\s*:\s*"[^"]*\bTask\.Token\b/g;

/**
 * Replaces task tokens and credentials in what an execution has recorded: texts that look like one, and values of keys
 * such as `taskToken`, `apiKey` and `DB_PASSWORD`, also in JSON inside of strings, in URLs, and in lists of names and values.
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
    return this.#masked(value, eventType.endsWith('Scheduled')) as T;
  }

  /** Returns the text of a definition without the secrets in its data. Its expressions and the names of states stay. */
  maskDefinition(text: string): string {
    const before = this.count;
    const masked = this.#definition(parseJson(text));
    return this.count === before ? text : JSON.stringify(masked);
  }

  #definition(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#definition(each));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, each]: [string, unknown]) => [
      key,
      DATA_FIELDS.has(key) ? this.#masked(each, false) : this.#definition(each),
    ]);
    return Object.fromEntries(entries) as unknown;
  }

  #masked(value: unknown, isParameter: boolean): unknown {
    if (typeof value === 'string') return this.#text(value, isParameter);
    if (Array.isArray(value)) return this.#list(value, isParameter);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value) as [key: string, value: unknown][];
    const isPair = entries.some(([key, name]) => PAIR_NAME.test(key) && isSecretKey(name));
    const masked = entries.map(([key, each]) => {
      const isSecret =
        isSecretKey(key) || (isPair && PAIR_VALUE.test(key)) || (isParameter && this.#tokenKeys.has(key));
      return [key, isSecret ? this.#all(each) : this.#masked(each, isParameter)] as const;
    });
    return Object.fromEntries(masked) as unknown;
  }

  /** In a list of pairs, and behind an option of a command, an item is the value of the one before it. */
  #list(list: readonly unknown[], isParameter: boolean): unknown[] {
    const arePairs = list.every((each) => Array.isArray(each) && each.length === 2);
    return list.map((each, at) => {
      if (arePairs) {
        const [key, value] = each as [unknown, unknown];
        return isSecretKey(key) ? [key, this.#all(value)] : this.#list([key, value], isParameter);
      }
      const before = list[at - 1];
      const isValue = typeof before === 'string' && /^--?\w/.test(before) && isSecretKey(before);
      return isValue ? this.#all(each) : this.#masked(each, isParameter);
    });
  }

  /** Replaces all texts and numbers in a value, but for expressions. */
  #all(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#all(each));
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, each]) => [key, this.#all(each)]);
      return Object.fromEntries(entries) as unknown;
    }
    if (typeof value === 'number') return this.#replaced();
    if (typeof value !== 'string' || value === '' || value.startsWith('{%')) return value;
    // The event of a state has the JSON of each variable that it sets.
    return value.startsWith('"') ? JSON.stringify(this.#replaced()) : this.#replaced();
  }

  #text(text: string, isParameter: boolean): string {
    const before = this.count;
    const json = /^\s*["[{](?!%)/.test(text) ? parseJson(text) : undefined;
    if (json === undefined) return this.#plainText(text);
    const masked = this.#masked(json, isParameter);
    return this.count === before ? text : JSON.stringify(masked);
  }

  #plainText(text: string): string {
    const replace = (): string => this.#replaced();
    const plain = [TOKENS, CREDENTIALS, URL_PASSWORD].reduce(
      (left, each) => left.replaceAll(each, replace),
      text,
    );
    if (plain.startsWith('{%')) return this.#named(plain, PARAMETER, ASSIGNED_VALUE);
    return this.#named(this.#named(plain, HEADER, HEADER_VALUE), ASSIGNED, ASSIGNED_VALUE);
  }

  /** Replaces the values behind the names of secrets. */
  #named(text: string, names: RegExp, values: RegExp): string {
    let masked = '';
    let from = 0;
    for (const { 0: found, 1: key, index } of text.matchAll(names)) {
      const begin = (values.lastIndex = index + found.length);
      const [value = ''] = index >= from && isSecretKey(key) ? (values.exec(text) ?? []) : [];
      if (value === '' || value.includes(MASK)) continue;
      masked += text.slice(from, begin) + this.#replaced();
      from = begin + value.length;
    }
    return masked + text.slice(from);
  }

  #replaced(): string {
    this.count++;
    return MASK;
  }
}

/** Returns true for the name of a secret. A key that ends in `.$` has the path of its value. */
function isSecretKey(key: unknown): boolean {
  if (typeof key !== 'string' || key.endsWith('.$')) return false;
  const words = key.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  const name = words.replaceAll(/[^a-z0-9]/g, '');
  return (SECRET_KEY.test(name) || SECRET_WORD.test(words)) && !PUBLIC_KEY.test(name);
}
