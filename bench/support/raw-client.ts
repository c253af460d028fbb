import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One keep-alive connection to a Step Functions on loopback, with next to nothing of its own: one call at a time. */
export class RawClient {
  #received = '';
  #waiting:
    | { readonly resolve: (answer: unknown) => void; readonly reject: (error: Error) => void }
    | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
  ) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the service closed the connection')));
  }

  static async open(url: string): Promise<RawClient> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawClient(socket, host);
  }

  /** @returns the answer; an empty one is `{}`. @throws Error for any status but 200 */
  call<T = object>(operation: string, body: object): Promise<T> {
    const text = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve: (answer) => resolve(answer as T), reject };
      this.socket.write(
        `POST / HTTP/1.1\r\nhost: ${this.host}\r\nx-amz-target: AWSStepFunctions.${operation}\r\n` +
          `content-type: application/x-amz-json-1.0\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n') + 4;
    if (head < 4) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length < head + length) return;
    const { resolve, reject } = this.#waiting ?? {};
    const answer = this.#received;
    this.#waiting = undefined;
    this.#received = '';
    if (!answer.startsWith('HTTP/1.1 200')) return reject?.(new Error(answer));
    resolve?.(length > 0 ? JSON.parse(answer.slice(head)) : {});
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
