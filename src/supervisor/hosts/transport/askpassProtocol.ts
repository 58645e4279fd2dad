/** What ssh's askpass program and the window say to each other. */

/** Where the window listens, and the secret that proves who started the program: no argument shows it to others. */
export const ASKPASS_ADDRESS_VARIABLE = 'CORRAL_ASKPASS_ADDRESS';
export const ASKPASS_NONCE_VARIABLE = 'CORRAL_ASKPASS_NONCE';

/** The request of the one channel, as JSON. The answer is its data; without one it ends by an error. */
export interface AskpassQuestion {
  nonce: string;
  /** As ssh, or the host, words it. */
  prompt: string;
}
