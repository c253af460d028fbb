import { randomUUID } from 'node:crypto';

/** Follows a topic of a console, as its page does. Yields the data of each message, and stops when it is left. */
export async function* followTopic<T>(url: string, topic: string, arn?: string): AsyncGenerator<T> {
  const key = randomUUID();
  const stream = await fetch(`${url}/console/api/stream?key=${key}`);
  await fetch(`${url}/console/api/Follow`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json', 'x-stepwright-console': '1' },
    body: JSON.stringify({ stream: key, topics: [{ name: 'one', topic, arn }] }),
  });
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, data] = /^data: (.*)$/m.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as T;
    }
  }
  throw new Error(`the stream ended: ${text}`);
}
