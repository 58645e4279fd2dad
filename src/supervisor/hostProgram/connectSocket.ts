import { connect } from 'node:net';
import type { Channel } from '../../common/channels/channel';
import { encodeJson } from '../hostProtocol/hostProtocol';

/** Joins the channel to the unix socket, or the named pipe, at `path`. Each direction ends for itself. */
export function connectSocket(channel: Channel, path: string): void {
  const socket = connect({ path, allowHalfOpen: true });
  socket.once('connect', () => channel.sendMessage(encodeJson({ connected: true })));
  socket.on('error', (error) => channel.destroy(error));
  socket.once('close', () => channel.unpipe(socket).resume());
  channel.once('close', () => socket.destroy());
  socket.pipe(channel);
  channel.pipe(socket);
}
