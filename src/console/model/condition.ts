type Source = Readonly<Record<string, unknown>>;

const SIGNS: Readonly<Record<string, string>> = {
  Equals: '==',
  LessThan: '<',
  GreaterThan: '>',
  LessThanEquals: '<=',
  GreaterThanEquals: '>=',
  Matches: 'matches',
};

/** Returns a rule of a Choice state as text, such as `$.total > 100 and $.paid == true`. */
export function conditionText(rule: Source): string {
  const { Condition: condition } = rule;
  if (typeof condition === 'string') return condition.replace(/^\{%\s*/, '').replace(/\s*%\}$/, '');
  return ruleText(rule);
}

function ruleText(rule: Source): string {
  const { And: and, Or: or, Not: not, Variable: variable } = rule;
  if (Array.isArray(and)) return joined(and, ' and ');
  if (Array.isArray(or)) return joined(or, ' or ');
  if (typeof not === 'object' && not !== null) return `not (${ruleText(not as Source)})`;
  for (const [key, value] of Object.entries(rule)) {
    const said = comparison(key, value);
    if (said !== undefined) return `${String(variable)} ${said}`;
  }
  return '';
}

const joined = (rules: readonly unknown[], by: string): string =>
  rules
    .map((rule) => {
      const text = ruleText(rule as Source);
      return rules.length > 1 && / (and|or) /.test(text) ? `(${text})` : text;
    })
    .join(by);

function comparison(key: string, value: unknown): string | undefined {
  const is = /^Is(\w+)$/.exec(key)?.[1];
  if (is !== undefined) return `${value === false ? 'is not' : 'is'} ${is.toLowerCase()}`;
  const [, operator = '', path] = /^(?:String|Numeric|Boolean|Timestamp)(.*?)(Path)?$/.exec(key) ?? [];
  const sign = Object.hasOwn(SIGNS, operator) ? SIGNS[operator] : undefined;
  return sign && `${sign} ${path === undefined ? JSON.stringify(value) : String(value)}`;
}
