import type { JSX } from 'preact';

interface NameFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder: string;
  /** @default false */
  readonly required?: boolean;
}

/** The field for the name of a machine or an execution. */
export const NameField = ({ value, onInput, placeholder, required = false }: NameFieldProps): JSX.Element => (
  <label class="field">
    <span>Name</span>
    <input
      required={required}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      placeholder={placeholder}
      maxLength={80}
    />
  </label>
);
