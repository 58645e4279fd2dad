/** What the window and its bridge program say to each other. */

/** Where the window listens, and the secret that proves who started the bridge: no argument shows it to others. */
export const BRIDGE_ADDRESS_VARIABLE = 'CORRAL_BRIDGE_ADDRESS';
export const BRIDGE_NONCE_VARIABLE = 'CORRAL_BRIDGE_NONCE';

/** What git asks of another repository. */
export type GitService = 'receive-pack' | 'upload-pack';

/** The request of the one channel, as JSON. */
export interface BridgeRequest {
  nonce: string;
  service: string;
}
