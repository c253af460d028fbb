/** Settings of a machine that are stored and described but have no effect in the local service. */
export interface Settings {
  readonly loggingConfiguration: object;
  readonly tracingConfiguration: object;
  readonly encryptionConfiguration: object;
}

export const DEFAULT_ENCRYPTION = { type: 'AWS_OWNED_KEY' };

export const DEFAULT_SETTINGS: Settings = {
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: { enabled: false },
  encryptionConfiguration: DEFAULT_ENCRYPTION,
};
