import { generateKeyPairSync, sign } from 'node:crypto';

/** A key and a certificate that it signed itself, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate of 127.0.0.1, ::1 and localhost, its own authority: DER by hand (X.509, RFC 5280). */
export function makeCertificate(now = Date.now()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const name = sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from('stepwright test')))));
  const day = 86_400_000;
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    sequence(time(now - day), time(now + 30 * day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(alternativeNames(), authority())),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

const alternativeNames = (): Buffer =>
  extension(
    '2.5.29.17',
    sequence(
      tlv(0x82, Buffer.from('localhost')),
      tlv(0x87, Buffer.from([127, 0, 0, 1])),
      tlv(0x87, Buffer.from([...Array.from({ length: 15 }, () => 0), 1])),
    ),
  );

const authority = (): Buffer => extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x04, value));
const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const bits = (value: Buffer): Buffer => tlv(0x03, Buffer.concat([Buffer.from([0]), value]));
const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]));

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

/** `260131235959Z` */
const time = (at: number): Buffer => {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d{3}/g, '');
  return tlv(0x17, Buffer.from(digits.slice(2)));
};
