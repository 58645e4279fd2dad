import { connect } from 'node:net';
import type { Channel } from '../../common/channels/channel';
import { encodeJson } from '../hostProtocol/hostProtocol';

/** Joins the channel to a unix socket, a named pipe, or a port of the loopback. Each direction ends for itself. */
export function connectSocket(channel: Channel, endpoint: string | number): void {
  const target = typeof endpoint === 'number' ? { port: endpoint, host: 'localhost' } : { path: endpoint };
  const socket = connect({ ...target, allowHalfOpen: true });
  socket.once('connect', () => channel.sendMessage(encodeJson({ connected: true })));
  socket.on('error', (error) => channel.destroy(error));
  socket.once('close', () => channel.unpipe(socket).resume());
  channel.once('close', () => socket.destroy());
  socket.pipe(channel);
  channel.pipe(socket);
}
