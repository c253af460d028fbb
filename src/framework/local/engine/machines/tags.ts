import { errors } from '../service-error.js';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The most tags that a resource may have. API reference of Step Functions, TagResource. */
const TAG_LIMIT = 50;

/** @throws ServiceError TooManyTags if a resource would have more tags than it may */
export function checkTags(arn: string, tags: readonly Tag[]): void {
  if (new Set(tags.map(({ key }) => key)).size > TAG_LIMIT) throw errors.tooManyTags(arn);
}

/** The tags of machines and activities, by the ARN of the resource. */
export class Tags {
  readonly #byArn = new Map<string, Map<string, string>>();

  /** Adds tags to a resource. A tag whose key exists already gets the new value. @throws ServiceError TooManyTags */
  add(arn: string, tags: readonly Tag[]): void {
    checkTags(arn, [...this.of(arn), ...tags]);
    const all = this.#byArn.get(arn) ?? new Map<string, string>();
    for (const { key, value } of tags) all.set(key, value);
    this.#byArn.set(arn, all);
  }

  remove(arn: string, keys: readonly string[]): void {
    for (const key of keys) this.#byArn.get(arn)?.delete(key);
  }

  /** Removes all tags of a resource, when the resource is deleted. */
  forget(arn: string): void {
    this.#byArn.delete(arn);
  }

  of(arn: string): Tag[] {
    return [...(this.#byArn.get(arn) ?? [])].map(([key, value]) => ({ key, value }));
  }
}
