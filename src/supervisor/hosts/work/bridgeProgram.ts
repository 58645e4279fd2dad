/** What git starts to reach a host: passes bytes between git and the window, which has the connection. */
import { connect, Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { Multiplexer } from '../../../common/channels/multiplexer';
import { BRIDGE_ADDRESS_VARIABLE, BRIDGE_NONCE_VARIABLE, type BridgeRequest } from './bridgeProtocol';

const { env } = process;
/** `git remote-ext` names the service in this variable. */
const service = env['GIT_EXT_SERVICE_NOPREFIX'] ?? '';
const request: BridgeRequest = { nonce: env[BRIDGE_NONCE_VARIABLE] ?? '', service };

const socket = connect(env[BRIDGE_ADDRESS_VARIABLE] ?? '');
// A named pipe of Windows cannot be ended in one direction alone; a channel can.
const link = new Multiplexer({ input: socket, output: socket, side: 'client' });
const channel = link.open(Buffer.from(JSON.stringify(request)));
// Where Node writes to a pipe on `process.stdout`, it does nothing else meanwhile.
const output = new Socket({ fd: 1, readable: false, writable: true });

process.stdin.pipe(channel);
pipeline(channel, output, (error) => process.exit(error instanceof Error ? 1 : 0));
// A fetch that ends its input has all that it wanted: the end of the program there would come one round trip later.
if (service === 'upload-pack') process.stdin.once('end', () => process.exit(0));
