/** The language of the expressions in a state. */
export type Language = 'JSONPath' | 'JSONata';

/** Returns the language of a machine or a state: its own, or else the one of what contains it. */
export const languageOf = (source: Readonly<Record<string, unknown>>, inherited: Language): Language =>
  source['QueryLanguage'] === 'JSONata' ? 'JSONata' : inherited;
