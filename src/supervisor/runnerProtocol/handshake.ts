import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The random strings that the two sides of a connection send each other. */
export interface Challenges {
  runner: string;
  client: string;
}

export function newChallenge(): string {
  return randomBytes(32).toString('hex');
}

/** Proves knowledge of the nonce. It covers both challenges and the prover, so it cannot be replayed or mirrored. */
export function proofOf(nonce: string, prover: 'runner' | 'client', challenges: Challenges): string {
  return createHmac('sha256', nonce).update(`${prover}:${challenges.runner}:${challenges.client}`).digest('hex');
}

export function isProof(
  candidate: string,
  nonce: string,
  prover: 'runner' | 'client',
  challenges: Challenges,
): boolean {
  const given = Buffer.from(candidate);
  const expected = Buffer.from(proofOf(nonce, prover, challenges));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
