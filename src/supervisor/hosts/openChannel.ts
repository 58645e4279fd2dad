import { ChannelError } from '../../common/channels/channel';
import type { Channel } from '../../common/channels/channel';
import type { HostRequest } from '../hostProtocol/hostProtocol';

/** Opens a channel for the request on the link that there is. @throws CorralError HOST_UNREACHABLE, HOST_FAILED */
export type OpenChannel = (request: HostRequest) => Channel;

/** The code that the host gave an error, which is the cause of what people see; undefined for any other error. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof ChannelError ? error.cause.code : undefined;
}
