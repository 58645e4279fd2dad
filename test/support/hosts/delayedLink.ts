/** `node delayedLink.js <ms> <host> <port>`: a ProxyCommand of ssh over which each byte takes so long each way. */
import { connect } from 'node:net';
import { Transform } from 'node:stream';

const [delayMs = '', host = '', port = ''] = process.argv.slice(2);

/** Hands each chunk on after the delay. What is on its way counts for nobody's memory. */
function delayed(): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), Number(delayMs));
      done();
    },
    flush(done) {
      setTimeout(done, Number(delayMs));
    },
  });
}

const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
process.stdin.pipe(delayed()).pipe(socket);
socket.pipe(delayed()).pipe(process.stdout);
socket.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
