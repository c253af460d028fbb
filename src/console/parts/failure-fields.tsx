import type { JSX } from 'preact';

/** An error and a cause as the API takes them. An empty one is left out. */
interface Failure {
  readonly error: string;
  readonly cause: string;
}

interface FailureFieldsProps {
  readonly failure: Failure;
  readonly onChange: (part: Partial<Failure>) => void;
}

/** The fields for the error and the cause of a failure. */
export const FailureFields = ({ failure, onChange }: FailureFieldsProps): JSX.Element => (
  <>
    <label class="field">
      <span>Error name (optional)</span>
      <input
        value={failure.error}
        maxLength={256}
        placeholder="PaymentDeclined"
        onInput={({ currentTarget }) => onChange({ error: currentTarget.value })}
      />
    </label>
    <label class="field">
      <span>Cause (optional)</span>
      <textarea
        rows={3}
        value={failure.cause}
        onInput={({ currentTarget }) => onChange({ cause: currentTarget.value })}
      />
    </label>
  </>
);

/** Returns the fields of a request that are not empty. */
export const failureOf = ({ error, cause }: Failure): Partial<Failure> => ({
  ...(error !== '' && { error }),
  ...(cause !== '' && { cause }),
});
