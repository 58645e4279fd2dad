/** What ssh starts to ask a person: hands the question to the window, and its answer to ssh. */
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import { Multiplexer } from '../../../common/channels/multiplexer';
import { ASKPASS_ADDRESS_VARIABLE, ASKPASS_NONCE_VARIABLE, type AskpassQuestion } from './askpassProtocol';

const { argv, env, stdout } = process;
const question: AskpassQuestion = { nonce: env[ASKPASS_NONCE_VARIABLE] ?? '', prompt: argv[2] ?? '' };
const socket = connect(env[ASKPASS_ADDRESS_VARIABLE] ?? '');
const link = new Multiplexer({ input: socket, output: socket, side: 'client' });
const channel = link.open(Buffer.from(JSON.stringify(question)));
channel.end();
pipeline(channel, stdout, (error) => process.exit(error instanceof Error ? 1 : 0));
