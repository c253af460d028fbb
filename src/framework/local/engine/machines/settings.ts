/** The settings of a machine that are kept and described, and change nothing here. */
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
