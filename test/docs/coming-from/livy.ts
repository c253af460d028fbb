import { singleton } from 'tsyringe';

/** A client of Livy's REST interface. */
@singleton()
export class Livy {
  async create(file: string): Promise<number> {
    return (await this.#call<{ id: number }>('POST', '/batches', { file })).id;
  }

  async state(batchId: number): Promise<string> {
    return (await this.#call<{ state: string }>('GET', `/batches/${batchId}/state`)).state;
  }

  async log(batchId: number): Promise<readonly string[]> {
    return (await this.#call<{ log: string[] }>('GET', `/batches/${batchId}/log`)).log;
  }

  async remove(batchId: number): Promise<void> {
    await this.#call('DELETE', `/batches/${batchId}`);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${process.env['LIVY_URL']}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as T;
  }
}
