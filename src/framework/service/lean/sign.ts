import aws4 from 'aws4';
import type { Identity, Recipe } from './recipe.js';

/** The headers of one request: the recipe's, and the signature of this body at this time. @param at epoch milliseconds */
export function signedHeaders(recipe: Recipe, body: string, identity: Identity, at: number): Headers {
  const { path, headers, signingRegion: region, signingName: service } = recipe;
  const signed = aws4.sign(
    { method: 'POST', path, service, region, body, headers: { ...headers, 'x-amz-date': amzDate(at) } },
    identity,
  );
  return signed.headers as Headers;
}

type Headers = Record<string, string>;

/** `20260131T235959Z` */
const amzDate = (at: number): string => new Date(at).toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
